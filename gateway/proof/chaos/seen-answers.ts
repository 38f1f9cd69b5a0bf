import { type Asked, problemOf } from '../testing/load.ts';
import type { Findings } from './findings.ts';

/** Timers fire late on a busy machine, by how much is the machine's affair. */
export const graceMs = 700;

/** Every one of them was answered with this status, whole. */
export function allAnswered(seen: Findings, what: string, asked: readonly Asked[], status: number): void {
  const others = asked.filter((each) => each.status !== status || !each.complete);
  const failures = others.map((each) => problemOf(each) ?? String(each.status));
  seen.must(
    `${asked.length - others.length}/${asked.length} ${what} ${status}`,
    others.length === 0,
    `got ${[...new Set(failures)].slice(0, 3).join('; ')}`,
  );
}

/** None of these answers looked complete to its client. */
export function allBroken(seen: Findings, what: string, asked: readonly Asked[]): void {
  const whole = asked.filter(({ complete }) => complete);
  seen.must(
    `${asked.length - whole.length}/${asked.length} ${what} broken off`,
    whole.length === 0,
    'looked complete',
  );
}

/** All of them ended by this timeout: neither before it nor long after. */
export function withinTimeout(seen: Findings, asked: readonly Asked[], timeoutMs: number): void {
  seen.atLeast('after', Math.min(...asked.map(({ ms }) => ms)), timeoutMs - 50, ' ms');
  seen.atMost('to', longest(asked), timeoutMs + graceMs, ' ms');
}

export function longest(asked: readonly Asked[]): number {
  return Math.max(...asked.map(({ ms }) => ms));
}
