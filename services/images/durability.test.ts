import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../kit/testing/service-process.ts';
import { bytesOf, photo, startImages } from './testing.ts';

interface Listing {
  readonly images: readonly { readonly name: string }[];
  readonly next: number | null;
}

it('keeps every acknowledged image whole, and none half, when it is killed in the middle of uploads', async () => {
  await using data = await temporaryFolder();
  const first = await startImages({ dataDir: data.path });
  const acknowledged = new Map<string, string>();
  let killed: Promise<unknown> | undefined;
  const upload = async (writer: number) => {
    for (let n = 0; ; n += 1) {
      const raw = { width: 100, height: 100, channels: 3 as const };
      const bytes = await sharp(randomBytes(30_000), { raw }).png({ compressionLevel: 0 }).toBuffer();
      // Half of them replace an image of the writer's own.
      const name = n % 2 === 0 ? `w${writer}` : `w${writer}-${n}`;
      const answer = await fetch(`${first.url}/${name}`, { method: 'PUT', body: bytesOf(bytes) });
      if (answer.ok) acknowledged.set(name, createHash('sha256').update(bytes).digest('hex'));
      if (acknowledged.size >= 24) killed ??= first.end('SIGKILL');
    }
  };
  const inFlight = new Set<string>();
  await Promise.allSettled(
    [0, 1, 2, 3].map((writer) => upload(writer).finally(() => inFlight.add(`w${writer}`))),
  );
  await killed;

  const second = await startImages({ dataDir: data.path });
  expect(await readdir(`${data.path}/incoming`)).toEqual([]);
  const { images } = (await (await fetch(`${second.url}/?limit=500`)).json()) as Listing;
  const names = images.map(({ name }) => name);
  expect((await readdir(`${data.path}/originals`)).length).toBe(names.length);
  expect(acknowledged.size).toBeGreaterThanOrEqual(24);
  for (const [name, digest] of acknowledged) {
    const answer = await fetch(`${second.url}/${name}?format=original`);
    const found = createHash('sha256')
      .update(Buffer.from(await answer.arrayBuffer()))
      .digest('hex');
    // The last upload of each writer was not answered; where it replaces, it may have won.
    if (!inFlight.has(name)) expect([name, found]).toEqual([name, digest]);
  }
  for (const name of names) {
    expect([name, (await fetch(`${second.url}/${name}?w=10`)).status]).toEqual([name, 200]);
  }
  await second.end('SIGKILL');
});

it('deletes no original when its database is gone, but puts them aside and says so', async () => {
  await using data = await temporaryFolder();
  const first = await startImages({ dataDir: data.path });
  const bytes = await photo(20, 20).png().toBuffer();
  await fetch(`${first.url}/mine.png`, { method: 'PUT', body: bytesOf(bytes) });
  await first.end('SIGTERM');
  await rm(`${data.path}/images.sqlite`);
  const second = await startImages({ dataDir: data.path });
  expect(await second.logged('originals without an entry were put aside')).toMatchObject({ files: 1 });
  const [file] = await readdir(`${data.path}/lost`);
  expect((await readFile(`${data.path}/lost/${file}`)).equals(bytes)).toBe(true);
  await second.end('SIGKILL');
});

it('makes its samples at the first start only', async () => {
  await using data = await temporaryFolder();
  const list = async (url: string) =>
    ((await (await fetch(url)).json()) as Listing).images.map(({ name }) => name);
  const first = await startImages({ dataDir: data.path, env: { IMAGES_SAMPLES: '1' } });
  const samples = await list(first.url);
  expect(samples).toEqual(['evening.jpg', 'discs.png', 'sunflower.jpg', 'carousel.gif', 'marble.webp']);
  await fetch(`${first.url}/discs.png`, { method: 'DELETE' });
  await first.end('SIGTERM');
  const second = await startImages({ dataDir: data.path, env: { IMAGES_SAMPLES: '1' } });
  expect(await list(second.url)).toEqual(samples.filter((name) => name !== 'discs.png'));
  await second.end('SIGKILL');
});
