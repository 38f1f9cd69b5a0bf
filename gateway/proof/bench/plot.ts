import { type BenchCase, cases } from './cases.ts';
import { type BenchResult, type Row, rowsOf } from './result.ts';
import { formatRatio } from './table.ts';

const WIDTH = 860;
const LABEL = 170;
const BAR = 18;
const GAP = 6;
const PANEL_HEAD = 40;
const PANEL_GAP = 18;
/** Room for the words behind the longest bar. */
const VALUE = 140;

interface PlottedRow {
  readonly peer: string;
  readonly ratio: number;
  readonly microseconds: number;
}

/** The tables as one picture: a panel for each case, a bar for each peer, its length the CPU per request beside the yardstick's. */
export function renderPlot(result: BenchResult, subject: string, yardstick: string): string {
  let top = 0;
  const panels = cases
    .filter((each) => result.cases.includes(each.name))
    .map((each) => {
      const rows = plotted(rowsOf(result, each.name, yardstick));
      const panel = renderPanel(each, rows, subject, yardstick, top);
      top += PANEL_HEAD + rows.length * (BAR + GAP) + PANEL_GAP;
      return panel;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-labelledby="title">
<title id="title">CPU per request of each proxy, as a multiple of what ${yardstick} needs</title>
${STYLE}
${panels.join('\n')}
</svg>
`;
}

function plotted(rows: readonly Row[]): PlottedRow[] {
  return rows.flatMap(({ peer, figures }) =>
    figures?.ratio
      ? [{ peer, ratio: figures.ratio.median, microseconds: figures.medians.cpuMicrosecondsPerRequest }]
      : [],
  );
}

function renderPanel(
  { title }: BenchCase,
  rows: readonly PlottedRow[],
  subject: string,
  yardstick: string,
  top: number,
): string {
  const longest = Math.max(1, ...rows.map(({ ratio }) => ratio));
  const scale = (WIDTH - LABEL - VALUE) / longest;
  const bars = rows.map((row, at) => renderBar(row, subject, scale, top + PANEL_HEAD + at * (BAR + GAP)));
  const one = LABEL + scale;
  const bottom = top + PANEL_HEAD + rows.length * (BAR + GAP);
  return `<text class="title" x="0" y="${top + 20}">${escaped(title)}</text>
${bars.join('\n')}
<line class="one" x1="${one.toFixed(1)}" x2="${one.toFixed(1)}" y1="${top + PANEL_HEAD - 4}" y2="${bottom}"><title>${escaped(yardstick)}</title></line>`;
}

function renderBar(
  { peer, ratio, microseconds }: PlottedRow,
  subject: string,
  scale: number,
  y: number,
): string {
  const length = Math.max(1, ratio * scale);
  const kind = peer === subject ? 'own' : peer.startsWith(subject) ? 'variant' : 'other';
  const base = y + BAR - 5;
  return `<text class="peer" x="${LABEL - 8}" y="${base}">${escaped(peer)}</text>
<rect class="${kind}" x="${LABEL}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>
<text class="value" x="${(LABEL + length + 6).toFixed(1)}" y="${base}">${formatRatio(ratio)}, ${microseconds.toFixed(microseconds < 100 ? 1 : 0)} µs</text>`;
}

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2933; }
.title { font-weight: 600; font-size: 15px; }
.peer { text-anchor: end; }
.value { fill: #52606d; }
.own { fill: #0b69c7; } .variant { fill: #7db4ea; } .other { fill: #b8c2cc; }
.one { stroke: #52606d; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e7eb; } .value { fill: #9aa5b1; }
  .own { fill: #4ba3ff; } .variant { fill: #2c5f92; } .other { fill: #52606d; }
  .one { stroke: #9aa5b1; }
}
</style>`;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
