import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../config/load.ts';
import { Logbook } from '../proof/testing/logbook.ts';
import { configFile } from '../proof/testing/program.ts';
import { Refusal, Reloader } from './reloader.ts';

test('a reload that takes long is warned of while it lasts, and only then', async () => {
  const file = await configFile('routes: { /db: 3001 }\n');
  const logbook = new Logbook();
  let applied = Promise.resolve();
  const reloader = await Reloader.start({
    file,
    env: {},
    log: pino({ level: 'info' }, logbook),
    apply: () => applied,
    slowMs: 20,
  });
  onTestFinished(() => reloader.stopWatching());
  const isWarning = ({ level, msg }: { level?: unknown; msg?: unknown }) =>
    level === 40 && String(msg).includes('is not in use after 0.02 s');

  const { promise, resolve } = Promise.withResolvers<void>();
  applied = promise;
  await writeFile(file, 'routes: { /db: 3002 }\n');
  const reload = reloader.reload();
  await logbook.find('warning', isWarning);
  resolve();
  expect(await reload).toEqual({ changed: true, rejected: null });
  expect(logbook.records.filter(isWarning)).toHaveLength(1);
});

/** A reloader whose configurations are refused for something that may pass, and how often each was tried. */
async function refusing(times: number) {
  const file = await configFile('port: 3000\nroutes: { /db: 4001 }\n');
  const tried: number[] = [];
  const logbook = new Logbook();
  const { promise: last, resolve } = Promise.withResolvers<void>();
  const reloader = await Reloader.start({
    file,
    env: {},
    log: pino({ level: 'info' }, logbook),
    portMoves: () => true,
    apply: async ({ port }) => {
      if (port === 3000) return;
      tried.push(port);
      if (tried.length === times) resolve();
      throw new Refusal('taken', { mayPass: true });
    },
    again: { everyMs: 5, times: 3 },
  });
  onTestFinished(() => reloader.stopWatching());
  return { file, reloader, tried, last, logbook };
}

/** One more try would have come meanwhile. */
async function seriesOfAnother(): Promise<void> {
  const { file, last } = await refusing(4);
  await writeFile(file, 'port: 3001\nroutes: { /db: 4001 }\n');
  await last;
}

test('what was refused for something that may pass is tried again, so many times, and told once', async () => {
  const { file, tried, last, logbook } = await refusing(4);
  await writeFile(file, 'port: 3001\nroutes: { /db: 4001 }\n');
  await last;
  await seriesOfAnother();
  expect(tried).toEqual([3001, 3001, 3001, 3001]);
  expect(logbook.records.filter(({ msg }) => String(msg).includes('was refused'))).toHaveLength(1);
});

test('what stands in the file next is tried in its place', async () => {
  const { file, reloader, tried } = await refusing(1);
  await writeFile(file, 'port: 3001\nroutes: { /db: 4001 }\n');
  await reloader.look();
  await writeFile(file, 'port: 3000\nroutes: { /db: 4001 }\n');
  await reloader.look();
  const before = tried.length;
  await seriesOfAnother();
  expect([tried.length, reloader.status.rejected]).toEqual([before, null]);
});

test.each([
  ['is taken as it was validated, where it is still the same', false],
  ['is validated again, where it has changed since', true],
])('a file that was validated before the start %s', async (_what, changes) => {
  const file = await configFile('routes: { /db: 4001 }\n');
  const validated = await loadConfig(file, {});
  if (!validated.ok) throw new Error('it is sound');
  if (changes) await writeFile(file, 'routes: { /db: 4002 }\n');
  const reloader = await Reloader.start(
    { file, env: {}, log: pino({ level: 'silent' }), apply: async () => {} },
    validated,
  );
  onTestFinished(() => reloader.stopWatching());
  expect(reloader.config === validated.config).toBe(!changes);
  expect(reloader.config.routes[0]!.upstream.endpoints[0]!.address.key).toContain(changes ? '4002' : '4001');
});
