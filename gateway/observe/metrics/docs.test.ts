import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LABELS, type Label, METRICS, type MetricRow } from './catalog.ts';

const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');

describe('docs/metrics.md', () => {
  test('has a row for each metric and each label, and says of them what the catalogue says', () => {
    expect(page).toBe(withTables(page));
    const rows = Array.from(page.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name);
    expect(rows).toEqual([...Object.keys(METRICS), ...Object.keys(LABELS)]);
  });

  test('asks in its queries for nothing that is not told', () => {
    const queries = Array.from(page.matchAll(/^```promql\n([\s\S]*?)^```$/gm), ([, query]) => query!);
    expect(queries.length).toBeGreaterThanOrEqual(3);
    const named = queries.flatMap((query) => query.match(/\b(?:http|portway|process|nodejs)_\w+/g) ?? []);
    const known = new Set([
      ...Object.keys(LABELS),
      ...Object.entries(METRICS).flatMap(([name, { type }]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    ]);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the catalogue', () => {
  test.each(Object.entries(METRICS))('%s is named as Prometheus wants it', (name, { type, labels }) => {
    expect(name).toMatch(/^(http|portway|nodejs|process)_[a-z0-9_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(labels.filter((label) => !(label in LABELS))).toEqual([]);
  });
});

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
function withTables(page: string): string {
  return page
    .replace(/^\| metric \|[\s\S]*?\n(?!\|)/m, () => metricsTable())
    .replace(/^\| label \|[\s\S]*?\n(?!\|)/m, () => labelsTable());
}
