/** The public suite of tests for HTTP caches against a cached route, and what is expected of each of its rows. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startGateway } from '../../gateway.ts';
import { freePorts } from '../testing/free-port.ts';
import { endOnSignals, explainFailure, readFlags } from '../testing/tool-options.ts';
import { FAILING, FAILING_IN_NEWEST, MENDED_BY } from './expectations.ts';
import { type Kind, type Row, SUITE, Suite } from './suite.ts';

const USAGE = `node gateway/proof/cache-suite/main.ts [--cache VALUE] [--id TEST] [--folder PATH]

Runs ${SUITE} through a route with cache: true, and again with all that can be chosen; then both with what its newest edition asks.
  --cache VALUE   only with this value of the route's cache:, without comparing
  --id TEST       only this test, with all that is sent
  --folder PATH   where the suite is installed already, or shall stay`;

const ALL = `{ ${Object.keys(MENDED_BY).join(', ')} }`;

async function main(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { cache, id, folder } = readFlags(argv, { cache: text, id: text, folder: text });
  const scratch = await mkdtemp(join(tmpdir(), 'portway-cache-suite-'));
  try {
    const suite = await Suite.install(folder ?? scratch);
    if (id !== undefined) {
      console.log(await through(scratch, suite, cache ?? 'true', (base) => suite.run(base, id)));
      return 0;
    }
    if (cache !== undefined)
      return report(cache, await through(scratch, suite, cache, (base) => suite.rows(base)), null);
    const newest = await suite.newest();
    let surprises = 0;
    for (const [edition, failing] of [
      [suite, FAILING],
      [newest, FAILING_IN_NEWEST],
    ] as const) {
      console.log(`\n${edition === suite ? SUITE : `with the changes of its newest edition`}`);
      for (const value of ['true', ALL]) {
        const rows = await through(scratch, edition, value, (base) => edition.rows(base));
        const expected = new Map([...(value === ALL ? [] : mended()), ...Object.entries(failing)]);
        surprises += report(value, rows, expected);
      }
    }
    return surprises === 0 ? 0 : 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function mended(): [string, string][] {
  return Object.entries(MENDED_BY).flatMap(([key, ids]) => ids.map((id): [string, string] => [id, key]));
}

async function through<T>(folder: string, suite: Suite, cache: string, work: (base: string) => Promise<T>) {
  const [listen, port] = (await freePorts(2)) as [number, number];
  const configFile = join(folder, 'gateway.config.yaml');
  const route = `  /: { to: ${port}, cache: ${cache} }`;
  await writeFile(configFile, `port: ${listen}\nadmin: false\nlog: { access: false }\nroutes:\n${route}\n`);
  const stop = await suite.serve(port, join(folder, 'server.pid'));
  const log = pino({ level: 'silent' });
  const gateway = await startGateway({
    configFile,
    env: {},
    mode: 'production',
    log,
    listen: { port: listen, adminPort: 0 },
  });
  try {
    return await work(`http://localhost:${listen}`);
  } finally {
    await gateway.close(0);
    stop();
  }
}

/** @param expected the rows that may fail, with why; `null`: nothing is expected. @returns how many rows are not as expected. */
function report(cache: string, rows: readonly Row[], expected: ReadonlyMap<string, string> | null): number {
  const count = (kind: Kind) => {
    const all = rows.filter((row) => row.kind === kind);
    return `${kind} ${all.filter(({ failure }) => failure === null).length} of ${all.length}`;
  };
  console.log(`\ncache: ${cache}\n${count('required')}, ${count('optimal')} (${count('check')})`);
  const judged = rows.filter(({ kind }) => kind !== 'check');
  for (const { kind, id, name, failure } of judged) {
    if (failure === null) continue;
    const reason = expected?.get(id);
    console.log(`  ${kind === 'required' ? '✗' : '·'} ${id}: ${reason ?? `${failure} (${name})`}`);
  }
  if (expected === null) return 0;
  const surprises = judged.filter(({ id, failure }) => (failure !== null) !== expected.has(id));
  for (const { id, failure } of surprises)
    console.log(`NOT AS EXPECTED: ${id} ${failure === null ? 'passes' : 'fails'}`);
  return surprises.length;
}

endOnSignals();
try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  process.exit(explainFailure('cache-suite', error, USAGE));
}
