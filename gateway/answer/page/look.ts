/**
 * The look shared by all pages of the gateway: the page at `/`, error pages, and the dashboard, which adds its own (dashboard/style/). One
 * scale of type: 12, 13, 15 and 20 pixels.
 */
export const look = `:root{--small:.75rem;--base:.8125rem;--large:.9375rem;--title:1.25rem;--round:.375rem;--gap:1.5rem;
--hover:color-mix(in srgb,var(--text) 4%,transparent);--chosen:color-mix(in srgb,var(--link) 6%,transparent)}
*,::before,::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:400 var(--base)/1.5 var(--sans);overflow-wrap:anywhere}
h1,h2,p,dl,dd,ul,ol,pre{margin:0}
h1{font-size:var(--title);line-height:1.3;font-weight:600;letter-spacing:-.015em}
h2{font-size:var(--large);font-weight:600}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline;text-underline-offset:.2em}
.sheet a,.facts a{text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--link);outline-offset:1px;border-radius:3px}
main:focus-visible{outline:none}
code,pre,.mono,.path,.endpoint{font-family:var(--mono);font-size:var(--small)}
.quiet{color:var(--quiet)}
.bad{color:var(--down);font-weight:600}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
[hidden]{display:none!important}
pre{width:max-content;min-width:100%;overflow-wrap:normal;line-height:1.55;tab-size:4}
.text-block{padding:.5rem .75rem;overflow:auto;border:1px solid var(--line);border-radius:var(--round);background:var(--raised)}

button,input,select,textarea{min-height:1.875rem;max-width:100%;padding:.25rem .5rem;border:1px solid var(--line);border-radius:var(--round);background:var(--raised);color:inherit;font:inherit}
button{display:inline-flex;align-items:center;gap:.375rem;padding:.25rem .625rem;cursor:pointer}
:is(button,input,select,textarea):hover{border-color:var(--quiet)}
button:disabled{opacity:.55;cursor:default}
button.main{border-color:transparent;background:var(--link);color:var(--ground);font-weight:600}

svg{fill:none;stroke:currentcolor;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round;flex:none}
.mark{width:1.25rem;height:1.25rem;stroke-width:2}
.shape{width:.75rem;height:.75rem}
.shape .filled{fill:currentcolor}
.shape .thick{stroke-width:2}
.shape .dashed{stroke-dasharray:2 2.2}
.up{color:var(--up)}.partly,.starting{color:var(--partly)}.down{color:var(--down)}.unknown{color:var(--quiet)}
.state{display:inline-flex;align-items:center;gap:.375rem;font-weight:500;white-space:nowrap}

.top{position:sticky;top:0;z-index:5;display:flex;align-items:center;gap:.25rem 1rem;height:3rem;padding:0 var(--gap);border-bottom:1px solid var(--line);background:var(--ground)}
.brand{display:flex;align-items:center;gap:.5rem;color:var(--text);font-size:var(--large);font-weight:600;letter-spacing:-.01em}
a.brand:hover{text-decoration:none}
.where{display:flex;align-items:center;gap:.5rem;padding-left:1rem;border-left:1px solid var(--line);font-family:var(--mono);font-size:var(--small);white-space:nowrap;color:var(--quiet)}
.where a{color:var(--quiet)}
.tag{padding:0 .375rem;border-radius:.25rem;background:var(--chosen);color:var(--link);font-size:.6875rem;line-height:1.5}
.top nav{display:flex;align-self:stretch;margin-left:1rem}
.top nav a{display:flex;align-items:center;gap:.375rem;padding:0 .75rem;color:var(--quiet);white-space:nowrap}
.top nav a:hover{color:var(--text);text-decoration:none}
.top nav a[aria-current]{color:var(--text);font-weight:600;box-shadow:inset 0 -2px var(--link)}
.top nav a:focus-visible{outline-offset:-3px}

main{max-width:100rem;margin:0 auto}
.notice{margin:1rem var(--gap) 0;padding:.625rem .875rem;border:1px solid var(--down);border-radius:var(--round);background:var(--alarm)}
.notice :is(h2,strong){color:var(--down)}
.notice h2{font-size:var(--base)}
.notice .text-block{margin-top:.5rem}
.notice+.rows{margin-top:.75rem}
.lost{position:sticky;bottom:1rem}
body.stale main{filter:grayscale(1)}
.empty{padding:2rem var(--gap);color:var(--quiet)}
.steps{display:grid;gap:.625rem;max-width:36rem;padding:.5rem var(--gap) 2rem}
.head{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.5rem;max-width:100rem;margin:0 auto;padding:1rem var(--gap) .875rem}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.25rem 1.25rem}
.facts dt{color:var(--quiet)}

.rows{width:100%;border-collapse:collapse}
.rows caption{padding:1.5rem var(--gap) .375rem;font-weight:600;text-align:left}
.rows thead th{padding:.375rem .75rem;border-bottom:1px solid var(--line);color:var(--quiet);font-size:var(--small);font-weight:400;text-align:left;white-space:nowrap}
.rows :is(th,td):first-child{padding-left:var(--gap)}
.rows :is(th,td):last-child{padding-right:var(--gap)}
.rows tbody tr{border-bottom:1px solid var(--line)}
.rows tbody tr:hover{background:var(--hover)}
.rows tbody :is(th,td){height:2.5rem;padding:.625rem .75rem .5625rem;font-weight:400;text-align:left;line-height:1.25rem;vertical-align:top}
.rows th[scope=row]>.shape{margin-right:.625rem;vertical-align:-1px}
.path{font-size:var(--base);font-weight:600;color:var(--text)}
.path .host{font-weight:400}
.name{display:inline-block;margin-left:.625rem;color:var(--quiet);font-family:var(--mono);font-size:var(--small)}
.name a{color:inherit}
.endpoints{display:flex;flex-wrap:wrap;gap:0 .875rem}
.endpoints .shape{margin-right:.3125rem;vertical-align:-1px}
.endpoint{line-height:inherit;overflow-wrap:break-word}
.trouble{display:block;font-size:var(--small);line-height:1.25rem}
.trouble.up{color:var(--quiet)}
details{font-size:var(--small)}
summary{cursor:pointer;color:var(--link)}
details .text-block{max-height:18rem;margin-bottom:.5rem}

.brief{max-width:36rem}
.own{table-layout:fixed}
.own tbody th[scope=row]:first-child{position:relative;padding-left:calc(var(--gap) + 1.375rem)}
.own th>.shape{position:absolute;top:.875rem;left:var(--gap)}
.own th .name{margin:0 .625rem 0 0}
.own .path{margin-right:.625rem}
.own th:nth-child(1){width:34%}
.own th:nth-child(2){width:10%}
.own th:nth-child(3){width:34%}
main>.facts,.sheet{max-width:54rem;padding:1.5rem var(--gap) 3rem}
.status{color:var(--quiet);font:500 var(--base)/1.5 var(--mono)}
.lead{margin-top:.25rem;font-size:var(--large)}
.block{margin-top:1.25rem;padding-top:.875rem;border-top:1px solid var(--line)}
.block h2{margin-bottom:.375rem;font-size:var(--base)}
.block ol{padding-left:1.125rem}
.block ul{padding:0;list-style:none}
.block li+li{margin-top:.25rem}
.block ul:has(li:nth-child(7) a){columns:13rem}
.sheet .facts{margin-top:1.25rem;padding-top:.875rem;border-top:1px solid var(--line)}
.sheet form p{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem;margin-top:1rem}
.returns{margin-top:1.25rem;color:var(--quiet)}

@media (max-width:62rem){.where{display:none}}
@media (max-width:50rem){
.own th:nth-child(n){width:auto}
.own tbody tr>th[scope=row]:first-child{padding-left:1.375rem}
.own th>.shape{top:.25rem;left:0}
.head h1{width:100%}
.rows thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.rows,.rows tbody,.rows caption{display:block}
.rows thead tr{display:table-row}
.rows tbody tr{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 1rem;padding:.625rem var(--gap)}
.rows tbody tr>:is(th,td):is(:first-child,:last-child,*){height:auto;padding:0}
.rows th[scope=row]{flex:1;min-width:55%;white-space:normal}
.rows tbody tr>.leads:is(td,:last-child),.rows tbody tr>.process:is(td,:last-child){order:2;width:100%;padding-left:1.375rem}
}
@media (max-width:44rem){
:root{--gap:1rem}
.top{flex-wrap:wrap;height:auto;min-height:3rem;padding-top:.5rem}
.top nav{order:3;width:calc(100% + 2*var(--gap));margin:0 calc(-1*var(--gap));padding:0 .25rem;overflow-x:auto;scrollbar-width:none}
.top nav a{flex:1;justify-content:center;height:2.5rem}
.top nav:has(>a:only-child){order:0;width:auto;margin:0}
main>.facts{grid-template-columns:minmax(0,1fr);gap:0}
main>.facts dd{margin-bottom:.5rem}
}
@media print{body{background:none}}
`;
