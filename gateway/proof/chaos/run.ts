import { setTimeout as pause } from 'node:timers/promises';
import { type Fault, type FaultResult, Skip, type Verdict } from './fault.ts';
import { Findings } from './findings.ts';
import { SceneError } from './scene.ts';
import { settle } from './settle.ts';
import type { Stage } from './stage.ts';

const standardLimitMs = 60_000;

/**
 * Runs rows one after the other, and tells of each as soon as it is over. What a row does is its verdict, never an error.
 * @param seen is called with each result.
 * @throws SceneError where the gateway that rows share does not start.
 */
export async function runFaults(
  stage: Stage,
  faults: readonly Fault[],
  seen: (result: FaultResult) => void,
): Promise<FaultResult[]> {
  const results: FaultResult[] = [];
  for (const fault of faults) {
    const result = await runFault(stage, fault);
    if (result.misses.length > 0) await stage.dismantle();
    seen(result);
    results.push(result);
  }
  return results;
}

/** Rows that missed, once more: a machine at its limit can miss a bound for us, but hardly twice. @returns all results in their order. */
export async function tryAgain(
  stage: Stage,
  faults: readonly Fault[],
  results: readonly FaultResult[],
  seen: (result: FaultResult) => void,
): Promise<FaultResult[]> {
  const missed = results.filter(({ verdict }) => verdict === 'missed');
  const second = await runFaults(
    stage,
    faults.filter(({ id }) => missed.some((each) => each.id === id)),
    seen,
  );
  return results.map((first) => {
    const again = second.find(({ id }) => id === first.id);
    if (again === undefined) return first;
    return { ...again, seen: [...again.seen, `missed at the first try: ${first.misses.join('; ')}`] };
  });
}

/** The verdict of one row, from what it saw. */
export async function runFault(stage: Stage, fault: Fault): Promise<FaultResult> {
  const startedAt = performance.now();
  const { id, done, holds } = fault;
  const seconds = () => (performance.now() - startedAt) / 1_000;
  const found = new Findings();
  const skipped = await attempt(stage, fault, found);
  if (skipped !== null) {
    return { id, done, holds, verdict: 'skipped', seen: [skipped], misses: [], seconds: seconds() };
  }
  const verdict: Verdict = found.misses.length === 0 ? 'held' : 'missed';
  return { id, done, holds, verdict, seen: found.figures, misses: found.misses, seconds: seconds() };
}

/** @returns why the row was skipped, or `null`. */
async function attempt(stage: Stage, fault: Fault, found: Findings): Promise<string | null> {
  try {
    await withinLimit(fault, fault.run(stage, found));
    await withinLimit(fault, settle(stage, found));
    if (found.figures.length === 0) found.must('nothing', false, 'a row must look at something');
    return null;
  } catch (error) {
    if (error instanceof Skip) {
      await stage.letGo();
      return error.message;
    }
    if (error instanceof SceneError) throw error;
    found.misses.push((error as Error).message, ...stage.lastWords());
    return null;
  }
}

async function withinLimit({ limitMs = standardLimitMs }: Fault, work: Promise<void>): Promise<void> {
  const given = new AbortController();
  const late = pause(limitMs, null, { signal: given.signal }).then(() => {
    throw new Error(`the row was not over within ${limitMs / 1_000} s`);
  });
  // A late row fails here; a later rejection of its work is ignored.
  work.catch(() => {});
  try {
    await Promise.race([work, late]);
  } finally {
    given.abort();
    late.catch(() => {});
  }
}
