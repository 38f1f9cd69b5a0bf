import { expect, test } from 'vitest';
import { renderDocument } from './document.ts';
import { rowsOf } from './result.ts';
import { sample, sampleResult } from './sample-result.ts';
import { renderPlainTable } from './table.ts';

const valid = sampleResult([sample('nginx', 1, 12), sample('portway', 1, 30)]);
const invalid = sampleResult([
  sample('nginx', 1, 12),
  sample('portway', 1, 30, ['7 answers of status 400 or above']),
]);

test('the terminal shows one aligned line for each peer', () => {
  expect(renderPlainTable(rowsOf(valid, 'small', 'nginx'))).toBe(
    [
      'peer     × nginx    min–max  µs/request  requests/s  p50 ms  p99 ms  core  others',
      'nginx      1.00×  1.00–1.00        12.0      12,346    1.25    4.00  99 %     2 %',
      'portway    2.50×  2.50–2.50        30.0      12,346    1.25    4.00  99 %     2 %',
    ].join('\n'),
  );
});

test('the terminal shows an invalid row below the table, with the reason and without figures', () => {
  const lines = renderPlainTable(rowsOf(invalid, 'small', 'nginx')).split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe('INVALID portway: round 1: 7 answers of status 400 or above');
});

test('the document has a table, the machine, the versions, the command and the date', () => {
  const text = renderDocument(valid, 'portway', 'nginx');
  for (const part of [
    '| portway | 2.50× | 2.50–2.50 | 30.0 | 12,346 | 1.25 | 4.00 | 99 % | 2 % |',
    '| nginx | 1.22.1 | one worker |',
    'Node 26.10.0',
    'A CPU, 2 CPUs, 8 GiB, Linux 6.1;\nload average 0.1 before the run',
    'Measured on 2026-02-03 at commit abc1234 with `npm run bench`',
    'The proxy has CPU 0; load generator and origin share CPU 1',
  ]) {
    expect(text).toContain(part);
  }
});

test('the document says that a row is invalid and why', () => {
  const text = renderDocument(invalid, 'portway', 'nginx');
  expect(text).toContain('| portway | **invalid** |');
  expect(text).toContain('**INVALID portway: round 1: 7 answers of status 400 or above**');
  expect(text).toContain('no valid measurement of portway');
});

test('the document names the peers that are not installed', () => {
  expect(renderDocument(valid, 'portway', 'nginx')).not.toContain('left out');
  const partial = { ...valid, missing: ['haproxy', 'caddy'] };
  expect(renderDocument(partial, 'portway', 'nginx')).toContain(
    'Not installed, and so left out: haproxy, caddy.',
  );
});

test('the document says when nothing was pinned', () => {
  expect(renderDocument({ ...valid, pinning: null }, 'portway', 'nginx')).toContain(
    'Nothing is pinned to a CPU',
  );
});

test('hits have a column where they were counted', () => {
  const counted = (peer: string, hitShare: number) => {
    const { figures, ...one } = sample(peer, 1, 10);
    return { ...one, figures: { ...figures!, hitShare } };
  };
  const rows = rowsOf(sampleResult([counted('nginx', 0.785), counted('portway', 0.8)]), 'small', 'nginx');
  const [head, ...lines] = renderPlainTable(rows).split('\n');
  expect([head, ...lines].map((line) => line!.split(/ {2,}/).at(-1))).toEqual(['hits', '78.5 %', '80.0 %']);
});
