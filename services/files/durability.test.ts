import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startService, temporaryFolder } from '../kit/testing/service-process.ts';

it('keeps every acknowledged file whole, and none half, when it is killed in the middle of uploads', async () => {
  await using data = await temporaryFolder();
  const first = await startService('files', { dataDir: data.path });
  const acknowledged = new Map<string, string>();
  let killed: Promise<unknown> | undefined;
  const upload = async (writer: number) => {
    for (let n = 0; ; n += 1) {
      const bytes = randomBytes(200_000);
      const name = `w${writer}-${n}`;
      const answer = await fetch(`${first.url}/kept/${name}`, { method: 'PUT', body: bytes });
      if (answer.status === 201) acknowledged.set(name, createHash('sha256').update(bytes).digest('hex'));
      if (acknowledged.size >= 40) killed ??= first.end('SIGKILL');
    }
  };
  await Promise.allSettled([0, 1, 2, 3].map(upload));
  await killed;

  const second = await startService('files', { dataDir: data.path });
  expect(await readdir(`${data.path}/incoming`)).toEqual([]);
  const listing = (await (await fetch(`${second.url}/kept/`)).json()) as {
    entries: { name: string; size: number }[];
  };
  expect(listing.entries.every((entry) => entry.size === 200_000)).toBe(true);
  expect(acknowledged.size).toBeGreaterThanOrEqual(40);
  for (const [name, digest] of acknowledged) {
    const bytes = Buffer.from(await (await fetch(`${second.url}/kept/${name}`)).arrayBuffer());
    expect([name, createHash('sha256').update(bytes).digest('hex')]).toEqual([name, digest]);
  }
  await second.end('SIGKILL');
});
