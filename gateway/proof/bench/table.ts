import type { Row, RowFigures } from './result.ts';

const HEAD = ['peer', '× nginx', 'min–max', 'µs/request', 'requests/s', 'p50 ms', 'p99 ms', 'core', 'others'];

/** With a column of its own where hits were counted. */
function headOf(rows: readonly Row[]): readonly string[] {
  const counted = rows.some(({ figures }) => figures?.medians.hitShare !== undefined);
  return counted ? [...HEAD, 'hits'] : HEAD;
}

/** The table of a case for a terminal: columns aligned, numbers to the right. */
export function renderPlainTable(rows: readonly Row[]): string {
  const head = headOf(rows);
  const lines = [head, ...rows.filter(isValid).map(cells)];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const aligned = lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
  return [...aligned, ...rows.filter((row) => !isValid(row)).map(invalidLine)].join('\n');
}

/** The same for Markdown. */
export function renderMarkdownTable(rows: readonly Row[]): string {
  const head = headOf(rows);
  const lines = rows.map((row) =>
    isValid(row) ? cells(row) : [row.peer, '**invalid**', ...Array(head.length - 2).fill('')],
  );
  const table = [head, ['---', ...head.slice(1).map(() => '--:')], ...lines];
  const invalid = rows.filter((row) => !isValid(row)).map((row) => `\n**${invalidLine(row)}**`);
  return [...table.map((line) => `| ${line.join(' | ')} |`), ...invalid].join('\n');
}

export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(2)}×`;
}

type ValidRow = Row & { readonly figures: RowFigures };

function isValid(row: Row): row is ValidRow {
  return row.figures !== null;
}

function cells({ peer, figures: { ratio, medians } }: ValidRow): string[] {
  return [
    peer,
    ratio === null ? '–' : formatRatio(ratio.median),
    ratio === null ? '–' : `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`,
    medians.cpuMicrosecondsPerRequest.toFixed(1),
    Math.round(medians.requestsPerSecond).toLocaleString('en-GB'),
    medians.p50Ms.toFixed(2),
    medians.p99Ms.toFixed(2),
    percent(medians.coreShare),
    percent(medians.disturbance),
    ...(medians.hitShare === undefined ? [] : [`${(100 * medians.hitShare).toFixed(1)} %`]),
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function invalidLine(row: Row): string {
  return `INVALID ${row.peer}: ${row.problems.join('; ') || 'not measured'}`;
}
