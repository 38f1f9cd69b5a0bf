import { execFileSync } from 'node:child_process';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServiceProcess, temporaryFolder } from '../kit/testing/service-process.ts';
import { type Bytes, bytesOf, photo, startImages } from './testing.ts';

// Many times what a pipe holds, so that only a reader can have taken the first half of it.
let image: Bytes;
let images: ServiceProcess;
let data: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  image = bytesOf(await photo(600, 400).png().toBuffer());
  data = await temporaryFolder();
  const env = { IMAGES_CONCURRENCY: '1', IMAGES_QUEUE: '1' };
  images = await startImages({ dataDir: data.path, env });
});
afterAll(async () => {
  await images.end('SIGKILL');
  await data[Symbol.asyncDispose]();
});

async function upload(name: string): Promise<void> {
  expect((await fetch(`${images.url}/${name}`, { method: 'PUT', body: image })).status).toBe(201);
}

/** The work on an image takes as long as its file does to be read: a named pipe in the place of the only one that is kept. */
async function slowFile() {
  const originals = join(data.path, 'originals');
  const [file] = await readdir(originals);
  const path = join(originals, file!);
  await rm(path);
  execFileSync('mkfifo', [path]);
  const pipe = await open(path, 'r+');
  const half = Math.floor(image.length / 2);
  return {
    /** Resolves when the work has begun: that reads it, and nothing else does. */
    begun: () => pipe.write(image, 0, half),
    async end() {
      await pipe.write(image, half);
      await pipe.close();
    },
  };
}

const resized = (name: string, init?: RequestInit) => fetch(`${images.url}/${name}?w=8&format=jpeg`, init);

it.skipIf(process.platform === 'win32')(
  'a full queue answers 503 at once, health stays quick, and a client that leaves gives its place away',
  async () => {
    await upload('slow.png');
    const file = await slowFile();
    await upload('quick.png');
    const running = resized('slow.png');
    await file.begun();

    const refusals: Response[] = [];
    const client = new AbortController();
    const others = Array.from({ length: 4 }, async () => {
      refusals.push(await resized('quick.png', { signal: client.signal }));
    });
    // One of them waits; for the others there is no place.
    await expect
      .poll(() => refusals.map(({ status }) => status), { timeout: 15_000 })
      .toEqual([503, 503, 503]);
    expect(refusals[0]!.headers.get('retry-after')).toBe('2');
    expect(await refusals[0]!.json()).toMatchObject({ code: 'busy' });
    expect((await fetch(`${images.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${images.url}/quick.png?w=8`, { method: 'HEAD' })).status).toBe(200);

    client.abort();
    await Promise.allSettled(others);
    await images.logged('the client left before the answer was out');
    // The place of one; the second is refused again, and that is when both have been judged.
    const next = [resized('quick.png'), resized('quick.png')];
    expect((await Promise.race(next)).status).toBe(503);
    await file.end();
    expect((await running).status).toBe(200);
    const statuses = (await Promise.all(next)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 503]);
  },
);
