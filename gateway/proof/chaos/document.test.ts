import { expect, test } from 'vitest';
import { renderDocument } from './document.ts';
import type { FactsOfRun } from './facts-of-run.ts';
import type { FaultResult } from './fault.ts';

const machine = { cpuModel: 'A CPU', cpuCount: 2, memoryGiB: 8, kernel: 'Linux 6.1', loadAverage: 0.1 };
const facts: FactsOfRun = {
  date: '2026-02-03',
  command: 'npm run chaos',
  seed: 7,
  seconds: 600,
  node: '26.10.0',
  commit: 'abc1234',
  machine,
};

function row(id: string, more: Partial<FaultResult> = {}): FaultResult {
  const standard = { done: 'it is done', holds: 'it holds', seen: ['3 of 3'], misses: [], seconds: 1 };
  return { id, verdict: 'held', ...standard, ...more };
}

test('a row has what was done, what must hold, what was seen, and the verdict', () => {
  const text = renderDocument('', [row('reset-before-head')], facts);
  expect(text).toContain('| `reset-before-head` | it is done | it holds | 3 of 3 | held |');
  for (const part of ['1 of 1 faults', 'abc1234', '`npm run chaos`', 'seed 7', 'A CPU, 2 CPUs', '2026-02-03'])
    expect(text).toContain(part);
});

test('what was missed is said, in the row and above the table', () => {
  const text = renderDocument('', [row('a', { verdict: 'missed', misses: ['2 of 3 lost'] })], facts);
  expect(text).toContain('3 of 3; **2 of 3 lost** | missed |');
  expect(text).toContain('**1 was not.**');
});

test('a cell stays in its cell, and names no folder of the machine', () => {
  const miss = 'first | second\nat /home/somebody/portway/gateway/main.ts';
  const text = renderDocument('', [row('a', { verdict: 'missed', misses: [miss] })], facts);
  expect(text).toContain('**first \\| second at main.ts**');
});

test('what others have written around it stays, and a second run replaces the first', () => {
  const first = renderDocument('# Reliability\n\nBefore.\n', [row('a')], facts);
  const second = renderDocument(`${first}\n## Behind\n`, [row('b')], facts);
  expect(second).toMatch(/^# Reliability\n\nBefore\.\n/);
  expect(second).toMatch(/\n## Behind\n$/);
  expect([second.includes('`a`'), second.includes('`b`')]).toEqual([false, true]);
});
