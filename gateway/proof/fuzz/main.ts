import { endOnSignals, explainFailure } from '../testing/tool-options.ts';
import { Campaign, type Tally } from './campaign.ts';
import { Differential } from './differential/run.ts';
import { type FuzzOptions, parseOptions, usage } from './options.ts';

const say = (line: string) => console.log(line);

if (process.argv.includes('--help')) say(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  endOnSignals();
  try {
    const options = parseOptions(process.argv.slice(2), () => Date.now() % 1_000_000_000);
    return await (options.differential ? compare(options) : fuzz(options));
  } catch (error) {
    return explainFailure('fuzz', error, usage);
  }
}

async function fuzz({ seconds, seed, workers }: FuzzOptions): Promise<number> {
  say(`fuzz: ${seconds} s, ${workers} gateways; again with --seed ${seed} --workers ${workers}`);
  const tally: Tally = { cases: 0, outcomes: new Map(), findings: [] };
  const began = performance.now();
  const progress = setInterval(() => say(progressOf(tally, began)), 5_000);
  const campaigns = Array.from({ length: workers }, (_, at) =>
    new Campaign(seed + at, tally, say).run(began + seconds * 1_000, at % 2 === 1),
  );
  await Promise.all(campaigns).finally(() => clearInterval(progress));
  say(`\n${progressOf(tally, began)}`);
  for (const [outcome, count] of [...tally.outcomes].sort(([, a], [, b]) => b - a))
    say(`  ${outcome}: ${count}`);
  say(tally.findings.length === 0 ? 'nothing was found' : `${tally.findings.length} findings`);
  return tally.findings.length === 0 ? 0 : 1;
}

async function compare({ seconds, seed, inputs }: FuzzOptions): Promise<number> {
  say(`fuzz: the wire lane beside Node, up to ${inputs} inputs or ${seconds} s; again with --seed ${seed}`);
  const differential = new Differential(seed);
  const { tally } = differential;
  const began = performance.now();
  const told = () => {
    const rate = Math.round(tally.inputs / ((performance.now() - began) / 1_000));
    return `${tally.inputs} inputs, ${tally.accepted} taken by the wire lane, ${rate}/s, ${tally.findings.length} differences`;
  };
  const progress = setInterval(() => say(told()), 5_000);
  await differential.run(inputs, began + seconds * 1_000).finally(() => clearInterval(progress));
  say(told());
  for (const finding of tally.findings) say(`FOUND ${finding}`);
  return tally.findings.length === 0 ? 0 : 1;
}

function progressOf({ cases, findings }: Tally, began: number): string {
  const seconds = (performance.now() - began) / 1_000;
  const rate = Math.round(cases / seconds);
  return `${Math.round(seconds)} s: ${cases} cases, ${rate}/s, ${findings.length} findings`;
}
