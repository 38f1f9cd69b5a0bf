import type { BenchResult, Sample } from './result.ts';

/** For tests: a run of the small case over nginx and Portway that gave these samples. */
export function sampleResult(samples: readonly Sample[]): BenchResult {
  return {
    startedAt: '2026-02-03T04:05:06.000Z',
    command: 'npm run bench',
    commit: 'abc1234',
    node: '26.10.0',
    machine: { cpuModel: 'A CPU', cpuCount: 2, memoryGiB: 8, kernel: 'Linux 6.1', loadAverage: 0.1 },
    origin: 'nginx 1.22.1, one worker',
    generator: 'wrk 4.1.0, one thread',
    pinning: { proxyCpu: 0, loadCpu: 1 },
    seconds: 5,
    warmUpSeconds: 2,
    rounds: 3,
    attempts: 3,
    cases: ['small'],
    peers: [
      { name: 'nginx', version: '1.22.1', about: 'one worker' },
      { name: 'portway', version: '0.1.0', about: 'access log off' },
    ],
    missing: [],
    samples,
  };
}

/** For tests: one measurement of the small case. */
export function sample(peer: string, round: number, cpu: number, problems: readonly string[] = []): Sample {
  const figures = {
    cpuMicrosecondsPerRequest: cpu,
    requestsPerSecond: 12345.6,
    p50Ms: 1.25,
    p99Ms: 4,
    coreShare: 0.987,
    disturbance: 0.02,
  };
  return { case: 'small', peer, round, figures, problems };
}
