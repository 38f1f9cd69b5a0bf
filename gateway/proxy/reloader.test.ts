import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { Logbook } from '../proof/testing/logbook.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { Reloader } from './reloader.ts';

test('a reload that takes long is warned of while it lasts, and only then', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'gateway.config.yaml');
  await writeFile(file, 'routes: { /db: 3001 }\n');
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
