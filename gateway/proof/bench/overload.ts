/**
 * `npm run overload`: how much a gateway still serves when twice as much is asked of it as it can. It finds the peak with a
 * closed loop, offers twice that with a fixed arrival rate, with and without `overload:`, in turns, and prints what came of it.
 */

import { parseArgs } from 'node:util';
import { type OverloadFigures, OverloadRun } from './overload-run.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '8' },
    times: { type: 'string', default: '2' },
    lane: { type: 'string', default: 'general' },
    shared: { type: 'boolean', default: false },
    impatient: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const run = new OverloadRun({
  rounds: Number(values.rounds),
  connections: Number(values.connections),
  seconds: Number(values.seconds),
  times: Number(values.times),
  lane: values.lane,
  clock: values.shared ? 'process' : 'wall',
  heedsRetryAfter: !values.impatient,
});
const figures = await run.run((line) => process.stderr.write(`${line}\n`));
process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : text(figures));
process.exitCode = figures.goodputShareOfCpu >= 0.8 ? 0 : 1;

function text(figures: OverloadFigures): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const { peak, goodputShare, goodputShareWithout, goodputShareOfCpu, goodputShareOfCpuWithout } = figures;
  return [
    `peak ${Math.round(peak)} requests/s; served in time at ${values.times} times that:`,
    `overload on:  ${percent(goodputShare)} of the peak, ${percent(goodputShareOfCpu)} by the gateway's CPU time`,
    `overload off: ${percent(goodputShareWithout)} of the peak, ${percent(goodputShareOfCpuWithout)} by the gateway's CPU time`,
    '',
  ].join('\n');
}
