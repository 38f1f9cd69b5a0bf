import { GeneratorConnection, type Tally } from '../bench/generator-connection.ts';
import type { LoadPlan, LoadResult } from '../bench/load.ts';
import { Pace } from '../bench/pace.ts';
import { quantile } from './statistics.ts';

// The load generator where wrk is not installed, or can't do it. Called with a LoadPlan as JSON; prints a LoadResult as JSON.
const plan: LoadPlan = JSON.parse(process.argv[2] ?? '{}');
const tally: Tally = { requests: 0, bytes: 0, latenciesMs: [], failures: new Map() };
const startedAt = performance.now();
const pace = plan.load === 'paced' ? new Pace(plan.perSecond) : null;
const idle = (connection: GeneratorConnection) =>
  pace ? pace.offer(connection) : connection.ask(performance.now());

const connections = Array.from(
  { length: plan.connections },
  () => new GeneratorConnection(plan, tally, idle),
);
setTimeout(() => {
  pace?.stop();
  for (const connection of connections) connection.close();
  console.log(JSON.stringify(result()));
}, plan.seconds * 1000);

function result(): LoadResult {
  const latencies = tally.latenciesMs.toSorted((a, b) => a - b);
  return {
    requests: tally.requests,
    seconds: (performance.now() - startedAt) / 1000,
    bytes: tally.bytes,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    problems: [...tally.failures].map(([what, count]) => `${count} × ${what}`),
  };
}
