import { LABELS, type Label, METRICS, type MetricRow } from './catalog.ts';

/** The tables of docs/metrics.md. */

function metricsTable(): string {
  const rows = Object.entries<MetricRow>(METRICS).map(
    ([name, { type, labels, across, help }]) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${across} | ${help} |`,
  );
  return ['| metric | type | labels | workers | meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n');
}

function labelsTable(): string {
  const rows = (Object.keys(LABELS) as Label[]).map((label) => `| \`${label}\` | ${LABELS[label]} |`);
  return ['| label | meaning |', '|---|---|', ...rows, ''].join('\n');
}

/** The page with its tables as they should be. @param page as it is. */
export function withTables(page: string): string {
  return page
    .replace(/^\| metric \|[\s\S]*?\n(?!\|)/m, () => metricsTable())
    .replace(/^\| label \|[\s\S]*?\n(?!\|)/m, () => labelsTable());
}
