import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServiceProcess, temporaryFolder } from '../kit/testing/service-process.ts';
import { bytesOf, photo, startImages } from './testing.ts';

let images: ServiceProcess;
let data: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  data = await temporaryFolder();
  const env = { IMAGES_CONCURRENCY: '1', IMAGES_QUEUE: '1' };
  images = await startImages({ dataDir: data.path, env });
  const large = bytesOf(await photo(4000, 3000).jpeg({ quality: 50 }).toBuffer());
  expect((await fetch(`${images.url}/large.jpg`, { method: 'PUT', body: large })).status).toBe(201);
});
afterAll(async () => {
  await images.end('SIGKILL');
  await data[Symbol.asyncDispose]();
});

// Seconds of work: a palette for twelve million different pixels.
const slow = '/large.jpg?format=gif';
const quick = '/large.jpg?w=8&format=jpeg';

it('a full queue answers 503 at once, health stays quick, and a client that leaves gives its place away', async () => {
  const end = new AbortController();
  const running = fetch(images.url + slow, { signal: end.signal }).catch(() => 'left');
  expect((await fetch(`${images.url}/healthz`)).status).toBe(200);

  const refusals: Response[] = [];
  const client = new AbortController();
  const others = Array.from({ length: 4 }, async () => {
    refusals.push(await fetch(images.url + quick, { signal: client.signal }));
  });
  const settled = Promise.allSettled(others);
  // One of them waits; for the others there is no place.
  await expect.poll(() => refusals.map(({ status }) => status), { timeout: 10_000 }).toEqual([503, 503, 503]);
  expect(refusals[0]!.headers.get('retry-after')).toBe('2');
  expect(await refusals[0]!.json()).toMatchObject({ code: 'busy' });
  expect((await fetch(`${images.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${images.url}/large.jpg?w=8`, { method: 'HEAD' })).status).toBe(200);

  client.abort();
  await settled;
  await images.logged('the client left before the answer was out');
  expect((await fetch(images.url + quick)).status).toBe(200);
  end.abort();
  await running;
});
