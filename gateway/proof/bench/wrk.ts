import type { LoadResult } from './load-plan.ts';

/**
 * Parses the output of `wrk --latency`.
 * @throws Error where a figure is missing.
 */
export function parseWrk(output: string): LoadResult {
  const [, requests, duration, bytes] = capture(output, /^\s*(\d+) requests in (\S+), (\S+) read/m);
  return {
    requests: Number(requests),
    seconds: milliseconds(duration!) / 1000,
    bytes: parseBytes(bytes!),
    p50Ms: milliseconds(capture(output, /^\s*50%\s+(\S+)/m)[1]!),
    p99Ms: milliseconds(capture(output, /^\s*99%\s+(\S+)/m)[1]!),
    problems: problemsIn(output),
  };
}

// wrk prints these two lines only where there is something to say. A status of 400 or more counts as an error of the first kind.
function problemsIn(output: string): string[] {
  const statuses = /^\s*Non-2xx or 3xx responses: (\d+)/m.exec(output)?.[1];
  const sockets = /^\s*Socket errors: (.+)/m.exec(output)?.[1];
  return [
    ...(statuses === undefined ? [] : [`${statuses} answers of status 400 or above`]),
    ...(sockets === undefined ? [] : [`socket errors: ${sockets.trim()}`]),
  ];
}

const millisecondsPer: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

function milliseconds(text: string): number {
  const [, amount, unit] = capture(text, /^([\d.]+)(us|ms|s|m|h)$/);
  return Number(amount) * millisecondsPer[unit!]!;
}

function parseBytes(text: string): number {
  const [, amount, unit] = capture(text, /^([\d.]+)([KMGT]?)B$/);
  return Number(amount) * 1024 ** ['', 'K', 'M', 'G', 'T'].indexOf(unit!);
}

function capture(text: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`wrk printed nothing that matches ${pattern}: ${JSON.stringify(text)}`);
  return found;
}
