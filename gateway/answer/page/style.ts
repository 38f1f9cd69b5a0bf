/**
 * The look of the gateway's own pages. Every pair of text and ground has a contrast of at least 4.5 (WCAG 2.2 AA,
 * 1.4.3) in the light and in the dark; a test computes them from the colours here.
 */

export interface Palette {
  readonly ground: string;
  readonly raised: string;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  readonly link: string;
  readonly up: string;
  readonly partly: string;
  readonly down: string;
  readonly alarm: string;
}

export const light: Palette = {
  ground: '#faf9f7',
  raised: '#ffffff',
  line: '#e4e0d9',
  text: '#1f1d1a',
  quiet: '#6a655d',
  link: '#1f5a94',
  up: '#1b7a4a',
  partly: '#8a5a00',
  down: '#b3261e',
  alarm: '#fdf1ef',
};

export const dark: Palette = {
  ground: '#151413',
  raised: '#1d1c1a',
  line: '#34312d',
  text: '#ece9e3',
  quiet: '#a39d93',
  link: '#8fbdf0',
  up: '#62c793',
  partly: '#e3b15c',
  down: '#ff8f84',
  alarm: '#2b1b19',
};

function variables(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');
}

/** The colours, and the two kinds of type, that all pages of the gateway share. */
export const paletteCss = `:root{color-scheme:light dark;${variables(light)};
--sans:ui-sans-serif,system-ui,-apple-system,"Segoe UI","Helvetica Neue","Liberation Sans",Arial,sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Code",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{${variables(dark)}}}
`;

export const style = `${paletteCss}*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:400 1rem/1.5 var(--sans);overflow-wrap:anywhere}
.sheet{max-width:62rem;margin:0 auto;padding:2.5rem 2rem 4rem}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:.2em}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:2px solid var(--link);outline-offset:3px;border-radius:2px}
code,pre,.mono{font-family:var(--mono);font-size:.875em}
.quiet{color:var(--quiet)}
[hidden]{display:none!important}

.brand{display:flex;align-items:center;gap:.625rem;font-weight:600;letter-spacing:-.01em}
.brand svg{width:1.5rem;height:1.5rem;flex:none}
.brand .mono{margin-left:auto;color:var(--quiet);font-weight:400}
h1{margin:2.25rem 0 0;font-size:clamp(1.625rem,1.2rem + 1.9vw,2.25rem);line-height:1.2;font-weight:600;letter-spacing:-.022em;text-wrap:balance}
h2{margin:0;font-size:1rem;line-height:1.4;font-weight:600}
.lead{margin:.625rem 0 0;color:var(--quiet);max-width:44rem}

.notice{margin:1.75rem 0 0;padding:1rem 1.25rem;border:1px solid var(--down);border-radius:.5rem;background:var(--alarm)}
.notice h2{color:var(--down)}
.notice p{margin:.25rem 0 0}
pre{margin:.875rem 0 0;padding:.875rem 1rem;overflow-x:auto;overflow-wrap:normal;background:var(--raised);border:1px solid var(--line);border-radius:.375rem;line-height:1.5;tab-size:4}

table{width:100%;margin:2rem 0 0;border-collapse:collapse;border-top:1px solid var(--text)}
th{padding:.625rem 1.5rem .625rem 0;text-align:left;font-size:.8125rem;font-weight:500;color:var(--quiet);border-bottom:1px solid var(--line)}
td{padding:.875rem 1.5rem .875rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
.brief{max-width:36rem}
.wide{table-layout:fixed}
.wide th:nth-child(1){width:28%}
.wide th:nth-child(2){width:16%}
.wide th:nth-child(3){width:30%}
.path{font-family:var(--mono);font-size:1rem;font-weight:600}
.path .host{font-weight:400}
td ul{margin:0;padding:0;list-style:none}
td li+li{margin-top:.25rem}
.note{display:block;margin-top:.125rem;font-size:.875rem;color:var(--quiet)}
.returns{margin-top:1.25rem}
.state{display:inline-flex;align-items:baseline;gap:.5rem;white-space:nowrap;font-weight:500}
.state svg{width:.75rem;height:.75rem;flex:none;transform:translateY(.0625rem)}
.up{color:var(--up)}.partly,.starting{color:var(--partly)}.down{color:var(--down)}.unknown{color:var(--quiet)}
li .state{margin-right:.375rem;font-size:.875rem}
details{margin-top:.375rem;font-size:.875rem}
summary{cursor:pointer;color:var(--link)}
details pre{margin-top:.5rem;max-height:18rem;overflow:auto;white-space:pre-wrap}

.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.375rem 1.5rem;margin:2rem 0 0;font-size:.875rem}
.facts dt{color:var(--quiet)}
.facts dd{margin:0}
.facts .mono{font-size:.8125rem}
.lost{position:sticky;bottom:1rem;margin:2rem 0 0;padding:.875rem 1.25rem;border:1px solid var(--down);border-radius:.5rem;background:var(--alarm);color:var(--text)}
.lost strong{color:var(--down);font-weight:600}
body.stale main{filter:grayscale(1)}

.status{margin:3rem 0 0;color:var(--quiet);font:500 1rem/1 var(--mono)}
.status+h1{margin-top:.75rem}
.block{margin:2rem 0 0}
.block p,.block ol,.block ul{margin:.5rem 0 0}
.block ol{padding-left:1.25rem}
.block ul{padding:0;list-style:none}
.block li{margin-top:.375rem}

@media (max-width:44rem){
.sheet{padding:1.25rem 1rem 3rem}
h1{margin-top:1.5rem}
.notice{margin-top:1.25rem;padding:.875rem 1rem}
table,tbody{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
table{margin-top:1.5rem;border:0}
tr{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.25rem 1rem;margin-top:.625rem;padding:.75rem 1rem;background:var(--raised);border:1px solid var(--line);border-radius:.625rem}
thead tr{display:table-row}
td{grid-column:1/-1;display:grid;grid-template-columns:4.75rem minmax(0,1fr);padding:.125rem 0;border:0}
td::before{content:attr(data-label);color:var(--quiet);font-size:.8125rem;line-height:1.5rem}
td.route{grid-column:1;display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .625rem}
td.is{grid-column:2;display:block}
td.route::before,td.is::before{content:none}
td.process>div{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .5rem}
td.process details{width:100%}
.facts{grid-template-columns:minmax(0,1fr);gap:0}
.facts dd{margin-bottom:.5rem}
}
@media print{body{background:none}}
`.trim();
