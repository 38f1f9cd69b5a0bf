import { expect, it } from 'vitest';
import { startService, temporaryFolder } from '../kit/testing/service-process.ts';
import { callJson } from './testing.ts';

it('keeps every acknowledged write, and none half, when it is killed in the middle of 8 writers', async () => {
  await using data = await temporaryFolder();
  const acknowledged = new Map<string, number>();
  for (const round of [1, 2]) {
    const service = await startService('db', { dataDir: data.path });
    let killed: Promise<unknown> | undefined;
    const write = async (writer: number) => {
      for (let n = 0; ; n += 1) {
        const id = `r${round}-w${writer}-${n % 50}`;
        const { status } = await callJson(service.url, 'PUT', `/kept/${id}`, {
          n,
          text: 'x'.repeat(3000),
          end: n,
        });
        if (status < 300) acknowledged.set(id, n);
        if (acknowledged.size >= 300 * round) killed ??= service.end('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: 8 }, (_, writer) => write(writer)));
    expect(await killed).toEqual({ code: null, signal: 'SIGKILL' });
  }
  const service = await startService('db', { dataDir: data.path });
  expect(acknowledged.size).toBeGreaterThanOrEqual(600);
  for (const [id, n] of acknowledged) {
    const { status, body } = await callJson(service.url, 'GET', `/kept/${id}`);
    // A later write may have reached the disk without its acknowledgement reaching us, but never an earlier one.
    expect([id, status, body.n >= n, body.end - body.n, body.text.length]).toEqual([id, 200, true, 0, 3000]);
  }
  expect(await service.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

it('refuses a database of a newer release instead of guessing', async () => {
  await using data = await temporaryFolder();
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(`${data.path}/documents.sqlite`);
  database.exec('PRAGMA user_version = 99');
  database.close();
  await expect(startService('db', { dataDir: data.path })).rejects.toThrow('ended before');
});
