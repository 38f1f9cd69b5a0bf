import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../testing/statistics.ts';
import type { LoadPlan, LoadResult } from './load-plan.ts';
import type { Workspace } from './workspace.ts';

/** How h2load is called: streams one at a time on each connection, as the closed loops of HTTP/1.1 have it; a paced load is HTTP/1.1. */
export function h2loadCommand(program: string, plan: LoadPlan, logFile: string): [string, ...string[]] {
  const { url, connections, seconds, load, perSecond } = plan;
  const size = ['-t1', `-c${connections}`, '-m1', `-D${seconds}`];
  const pace = load === 'paced' ? ['--h1', `--rps=${perSecond / connections}`] : [];
  return [program, ...size, ...pace, `--log-file=${logFile}`, url];
}

/** A file for one line of each answer, of this run alone. */
export function h2loadLog(workspace: Workspace): string {
  return join(workspace.makeFolder('h2load', { 'answers.log': '' }), 'answers.log');
}

/**
 * Parses h2load's output and its log: when each request was sent, its status, and how many microseconds its answer took.
 * @throws Error where a figure is missing.
 */
export function parseH2load(output: string, log: string): LoadResult {
  const [, seconds] = capture(output, /^finished in ([\d.]+)s,/m);
  const [, succeeded, failed, errored, timedOut] = capture(
    output,
    /^requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m,
  );
  const [, answered] = capture(output, /^status codes: (\d+) 2xx/m);
  const [, bytes] = capture(output, /^traffic: .*? \((\d+)\) total/m);
  const times = log.split('\n').flatMap((line) => (line === '' ? [] : Number(line.split('\t')[2]) / 1_000));
  return {
    requests: Number(succeeded),
    seconds: Number(seconds),
    bytes: Number(bytes),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    problems: [
      ...problem('failed', failed),
      ...problem('errored', errored),
      ...problem('timed out', timedOut),
      ...(Number(answered) < Number(succeeded) ? ['answers of another status than 2xx'] : []),
    ],
  };
}

export function readH2load(output: string, logFile: string): LoadResult {
  return parseH2load(output, readFileSync(logFile, 'utf8'));
}

function problem(what: string, count: string | undefined): string[] {
  return Number(count) > 0 ? [`${what} ${count}`] : [];
}

function capture(text: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(text);
  if (found === null)
    throw new Error(`h2load printed nothing that matches ${pattern}: ${JSON.stringify(text)}`);
  return found;
}
