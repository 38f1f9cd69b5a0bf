import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { explainFailure } from '../testing/tool-options.ts';
import { renderDocument } from './document.ts';
import { describeRun } from './facts-of-run.ts';
import type { FaultResult } from './fault.ts';
import { faults } from './faults/all.ts';
import { type ChaosOptions, parseOptions, usage } from './options.ts';
import { runFaults, tryAgain } from './run.ts';
import { Stage } from './stage.ts';

// Exit codes: 0 every row held or was skipped, 1 a row missed or the run failed, 2 wrong usage, 130 interrupted.
const documentFile = fileURLToPath(new URL('../../../docs/reliability.md', import.meta.url));
const argv = process.argv.slice(2);
const command = ['npm run chaos', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' ');
const say = (line: string) => console.log(line);

if (argv.includes('--help')) say(usage);
else if (argv.includes('--list')) for (const { id, done } of faults) say(`${id.padEnd(34)} ${done}`);
// Handles that an unfinished row has left open must not keep the process alive.
else process.exit(await main());

async function main(): Promise<number> {
  try {
    const options = parseOptions(
      argv,
      faults.map(({ id }) => id),
    );
    if (!existsSync('/proc/self/fd'))
      throw new Error("descriptors are read from Linux's /proc, which isn't here");
    return report(await runAll(options), options);
  } catch (error) {
    return explainFailure('chaos', error, usage);
  }
}

/** After a signal, all processes are ended, the temporary folder is gone, and the exit code is 130. */
async function runAll(options: ChaosOptions): Promise<FaultResult[]> {
  const stage = new Stage(options, say);
  const interrupt = () => void stage.close().then(() => process.exit(130));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, interrupt);
  try {
    const chosen = faults.filter(({ id }) => options.only?.includes(id) ?? true);
    say(`${chosen.length} faults, seed ${options.seed}`);
    const tell = (result: FaultResult) => say(renderRow(result));
    const results = await runFaults(stage, chosen, tell);
    return options.again ? await tryAgain(stage, chosen, results, tell) : results;
  } finally {
    await stage.close();
  }
}

function report(results: readonly FaultResult[], options: ChaosOptions): number {
  const counted = (verdict: FaultResult['verdict']) =>
    results.filter((each) => each.verdict === verdict).length;
  const seconds = results.reduce((sum, each) => sum + each.seconds, 0);
  if (options.full) {
    const text = existsSync(documentFile) ? readFileSync(documentFile, 'utf8') : '';
    writeFileSync(documentFile, renderDocument(text, results, describeRun(command, options)));
    say('\nWritten: docs/reliability.md');
  }
  const missed = counted('missed');
  say(
    `\nchaos: ${counted('held')} held, ${missed} missed, ${counted('skipped')} skipped, in ${Math.round(seconds)} s`,
  );
  return missed > 0 ? 1 : 0;
}

/** A row for a terminal: the verdict, what was done, and what was seen; what was missed stands below it. */
function renderRow({ id, done, holds, verdict, seen, misses, seconds }: FaultResult): string {
  const head = `${verdict === 'missed' ? 'MISSED ' : verdict.padEnd(7)} ${id} (${seconds.toFixed(1)} s): ${done}`;
  const lines = [head, `        must: ${holds}`, `        seen: ${seen.join(' · ')}`];
  return [...lines, ...misses.map((miss) => `        MISS: ${miss}`)].join('\n');
}
