import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { explainFailure } from '../testing/tool-options.ts';
import { cases } from './cases.ts';
import { renderDocument } from './document.ts';
import { type BenchOptions, parseOptions, usage } from './options.ts';
import { yardstick } from './peers/all.ts';
import { portway } from './peers/portway.ts';
import { type BenchResult, rowsOf } from './result.ts';
import { runBench } from './run.ts';
import { renderPlainTable } from './table.ts';
import { Workspace } from './workspace.ts';

// Exit codes: 0 measured, 1 a row is invalid or the run failed, 2 wrong usage, 130 interrupted.
const documentFile = fileURLToPath(new URL('../../../docs/benchmarks.md', import.meta.url));
const argv = process.argv.slice(2);
/** Without `--json FILE`: the path concerns this machine alone. */
const repeated = argv.filter((each, at) => each !== '--json' && argv[at - 1] !== '--json');
const command = ['npm run bench', ...(repeated.length > 0 ? ['--', ...repeated] : [])].join(' ');
const say = (line: string) => console.log(line);

class InterruptedError extends Error {}

if (argv.includes('--help')) say(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = parseOptions(argv);
    if (!existsSync('/proc/self/stat'))
      throw new Error("CPU time is read from Linux's /proc, which isn't here");
    return report(await measureAll(options), options);
  } catch (error) {
    const code = explainFailure('bench', error, usage);
    return error instanceof InterruptedError ? 130 : code;
  }
}

/** @throws InterruptedError after a signal, with all processes ended and the temporary folder gone. */
async function measureAll(options: BenchOptions): Promise<BenchResult> {
  const workspace = new Workspace();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    void workspace.close();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  try {
    return await runBench(options, command, workspace, say);
  } catch (error) {
    throw interrupted ? new InterruptedError('interrupted: nothing is written') : error;
  } finally {
    await workspace.close();
  }
}

function report(result: BenchResult, options: BenchOptions): number {
  const chosen = cases.filter((each) => options.cases.includes(each.name));
  const tables = chosen.map((each) => ({ title: each.title, rows: rowsOf(result, each.name, yardstick) }));
  for (const { title, rows } of tables) say(`\n${title}\n${renderPlainTable(rows)}`);
  if (tables.every(({ rows }) => rows.every((row) => !row.figures?.ratio))) {
    say(`\nNo ratios: ${yardstick} has no valid measurement in this run`);
  }
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  if (options.full) writeFileSync(documentFile, renderDocument(result, portway.name, yardstick));
  say(
    options.full
      ? '\nWritten: docs/benchmarks.md'
      : '\ndocs/benchmarks.md is left as it is: only a full run is written there',
  );
  const invalid = tables.flatMap(({ rows }) => rows.filter((row) => row.figures === null));
  if (invalid.length > 0) console.error(`\n${invalid.length} rows are INVALID (see above)`);
  return invalid.length > 0 ? 1 : 0;
}
