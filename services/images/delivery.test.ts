import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawExchange } from '../kit/testing/raw-http.ts';
import { type ServiceProcess, temporaryFolder } from '../kit/testing/service-process.ts';
import { bytesOf, film, glass, photo, startImages } from './testing.ts';

let images: ServiceProcess;
let data: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  data = await temporaryFolder();
  images = await startImages({ dataDir: data.path, env: { IMAGES_MAX_SIDE: '500', IMAGES_MAX_AGE: '60' } });
  await put('photo.jpg', await photo(400, 200).jpeg().toBuffer());
  await put('glass.png', await glass(80, 40).png().toBuffer());
  await put('film.gif', await film(60, 40));
});
afterAll(async () => {
  await images.end('SIGKILL');
  await data[Symbol.asyncDispose]();
});

async function put(name: string, bytes: Buffer): Promise<string> {
  const answer = await fetch(`${images.url}/${name}`, { method: 'PUT', body: bytesOf(bytes) });
  expect(answer.status).toBeLessThan(300);
  return answer.headers.get('etag')!;
}

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${images.url}/${path}`, { headers, method });
const bytesAt = async (path: string, headers?: Record<string, string>) =>
  Buffer.from(await (await get(path, headers)).arrayBuffer());
const sizeAt = async (path: string) => {
  const { width, height } = await sharp(await bytesAt(path)).metadata();
  return [width, height];
};

describe('the encoding', () => {
  it.each([
    ['photo.jpg', 'image/avif,image/webp,*/*', 'image/avif'],
    ['photo.jpg', 'image/webp,*/*', 'image/webp'],
    ['photo.jpg', '*/*', 'image/jpeg'],
    ['glass.png', '*/*', 'image/png'],
    ['film.gif', 'image/avif,image/webp,*/*', 'image/webp'],
    ['film.gif', '*/*', 'image/gif'],
  ])('of %s for "%s" is %s, and the caches are told that it depends', async (name, accept, type) => {
    const answer = await get(name, { accept });
    expect(answer.headers.get('content-type')).toBe(type);
    expect(answer.headers.get('vary')).toBe('Accept');
    const { mediaType } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
    expect(mediaType).toBe(type);
  });

  it.each(['avif', 'webp', 'jpeg', 'png', 'gif'])(
    'is %s when the URL says so, for everyone',
    async (format) => {
      const answer = await get(`photo.jpg?format=${format}&w=40`, { accept: 'image/webp' });
      expect(answer.headers.get('vary')).toBeNull();
      const { mediaType } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
      expect([answer.headers.get('content-type'), mediaType]).toEqual([`image/${format}`, `image/${format}`]);
    },
  );

  it.each(['avif', 'webp', 'jpeg'])('of %s costs fewer bytes at a lower quality', async (format) => {
    const lengths = [];
    for (const q of [20, 60, 95]) lengths.push((await bytesAt(`photo.jpg?format=${format}&q=${q}`)).length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    expect(lengths[2]).toBeGreaterThan(lengths[0]! * 2);
  });

  it('shows what is transparent as white in JPEG', async () => {
    const { data: pixels } = await sharp(await bytesAt('glass.png?format=jpeg&q=100'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(pixels[0]).toBeGreaterThan(250);
    expect(pixels[1]).toBeGreaterThan(120);
    expect(pixels[1]).toBeLessThan(135);
  });
});

describe('the size', () => {
  it.each([
    ['photo.jpg', [400, 200]],
    ['photo.jpg?w=100', [100, 50]],
    ['photo.jpg?h=100', [200, 100]],
    ['photo.jpg?w=100&h=100', [100, 50]],
    ['photo.jpg?w=100&h=100&fit=inside', [100, 50]],
    ['photo.jpg?w=100&h=100&fit=outside', [200, 100]],
    ['photo.jpg?w=100&h=100&fit=cover', [100, 100]],
    ['photo.jpg?w=100&h=100&fit=contain', [100, 100]],
    ['photo.jpg?w=100&h=100&fit=fill', [100, 100]],
    ['photo.jpg?w=500', [400, 200]],
  ])('of %s is %o', async (path, size) => {
    expect(await sizeAt(path)).toEqual(size);
  });

  it('is at most the limit, also where nobody asks for one', async () => {
    await put('wide.png', await photo(1500, 300).png().toBuffer());
    expect(await sizeAt('wide.png')).toEqual([500, 100]);
  });
});

describe('a film', () => {
  it.each(['webp', 'gif'])('keeps its frames and their time as %s', async (format) => {
    const metadata = await sharp(await bytesAt(`film.gif?format=${format}&w=30`), {
      animated: true,
    }).metadata();
    expect(metadata).toMatchObject({ width: 30, pageHeight: 20, pages: 3, delay: [90, 90, 90] });
  });

  it.each(['avif', 'jpeg', 'png'])('is its first frame as %s', async (format) => {
    const bytes = await bytesAt(`film.gif?format=${format}`);
    const { data: pixels, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([60, 40]);
    expect(pixels[0]).toBeGreaterThan(240);
    expect(pixels[1]).toBeLessThan(15);
  });
});

it('a photograph that lies on its side in its file stands upright, and nothing but pixels is left of it', async () => {
  const exif = { IFD0: { Copyright: 'a-secret-name' }, IFD3: { GPSLatitudeRef: 'N' } };
  const turned = photo(60, 40).withExif(exif).withMetadata({ orientation: 6 }).withIccProfile('p3');
  const original = await turned.jpeg().toBuffer();
  expect(original.includes('a-secret-name')).toBe(true);
  await put('turned.jpg', original);
  for (const format of ['avif', 'webp', 'jpeg', 'png']) {
    const bytes = await bytesAt(`turned.jpg?format=${format}`);
    const { width, height, exif, icc, xmp, orientation } = await sharp(bytes).metadata();
    expect({ width, height, exif, icc, xmp, orientation }).toEqual({ width: 40, height: 60 });
    expect(bytes.includes('a-secret-name')).toBe(false);
  }
  const listing = (await (await get('')).json()) as { images: Record<string, unknown>[] };
  expect(listing.images.find(({ name }) => name === 'turned.jpg')).toMatchObject({ width: 40, height: 60 });
});

it('the original comes back byte for byte, under the type of its bytes and never to be run', async () => {
  const bytes = await photo(30, 30).webp().toBuffer();
  const etag = await put('lies.html', bytes);
  const answer = await get('lies.html?format=original', { accept: 'text/html' });
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    etag,
    'content-type': 'image/webp',
    'content-length': String(bytes.length),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  });
  expect(answer.headers.get('vary')).toBeNull();
});

describe('validators', () => {
  it('answer 304 without content, with what a cache needs to go on', async () => {
    const first = await get('photo.jpg?w=90', { accept: 'image/webp' });
    const etag = first.headers.get('etag')!;
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get('photo.jpg?w=90', { accept: 'image/webp', 'if-none-match': tag });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
      expect(again.headers.get('vary')).toBe('Accept');
      expect(again.headers.get('cache-control')).toBe(first.headers.get('cache-control'));
    }
  });

  it('differ wherever the bytes differ', async () => {
    const paths = ['', '?w=90', '?w=91', '?h=91', '?q=50', '?format=webp', '?format=png', '?format=original'];
    const boxes = ['?w=90&h=90&fit=cover', '?w=90&h=90&fit=fill'];
    const tags = await Promise.all(
      [...paths, ...boxes].map(async (query) =>
        (await get(`photo.jpg${query}`, {}, 'HEAD')).headers.get('etag'),
      ),
    );
    expect(new Set(tags).size).toBe(tags.length);
  });

  it('are the same for two spellings of one thing', async () => {
    const tagOf = async (path: string, accept: string) =>
      (await get(path, { accept }, 'HEAD')).headers.get('etag');
    const named = await tagOf('photo.jpg?w=90&q=80&format=webp', '*/*');
    expect(await tagOf('photo.jpg?w=90', 'image/webp')).toBe(named);
    expect(await tagOf('photo.jpg?w=90', '*/*')).not.toBe(named);
  });

  it('change with the original, and stay with the same one', async () => {
    const [one, two] = [await photo(50, 50).png().toBuffer(), await glass(50, 50).png().toBuffer()];
    const tagOf = async () => (await get('swap.png?w=20', {}, 'HEAD')).headers.get('etag');
    await put('swap.png', one);
    const before = await tagOf();
    await put('swap.png', two);
    expect(await tagOf()).not.toBe(before);
    await put('swap.png', one);
    expect(await tagOf()).toBe(before);
  });

  it.each(['avif', 'webp', 'jpeg', 'png', 'gif'])(
    'are strong: another process makes the same %s, byte for byte',
    async (format) => {
      await using folder = await temporaryFolder();
      const other = await startImages({ dataDir: folder.path });
      const original = await bytesAt('photo.jpg?format=original');
      await fetch(`${other.url}/photo.jpg`, { method: 'PUT', body: bytesOf(original) });
      const [here, there] = await Promise.all(
        [images.url, other.url].map((url) => fetch(`${url}/photo.jpg?w=120&format=${format}`)),
      );
      expect(here!.headers.get('etag')).toBe(there!.headers.get('etag'));
      const [mine, yours] = await Promise.all([here!.arrayBuffer(), there!.arrayBuffer()]);
      expect(Buffer.from(mine).equals(Buffer.from(yours))).toBe(true);
      await other.end('SIGKILL');
    },
  );

  it('refuse a GET whose If-Match does not hold', async () => {
    expect((await get('photo.jpg', { 'if-match': '"other"' })).status).toBe(412);
  });
});

describe('Cache-Control', () => {
  it.each(['photo.jpg', 'photo.jpg?format=webp', 'photo.jpg?format=original', 'photo.jpg?v=old'])(
    'lets caches keep %s for a while and use it when this service is slow or down',
    async (path) => {
      expect((await get(path, {}, 'HEAD')).headers.get('cache-control')).toBe(
        'public, max-age=60, stale-while-revalidate=86400, stale-if-error=604800',
      );
    },
  );

  it('lets them keep for ever what carries the current version in its URL', async () => {
    const version = (await get('photo.jpg?format=original', {}, 'HEAD')).headers
      .get('etag')!
      .replaceAll('"', '');
    const answer = await get(`photo.jpg?w=10&v=${version}`, {}, 'HEAD');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  it('lets them keep no refusal', async () => {
    const refusals = await Promise.all(['nothing.jpg', 'photo.jpg?w=0'].map((path) => get(path)));
    expect(refusals.map(({ headers }) => headers.get('cache-control'))).toEqual(['no-store', 'no-store']);
  });
});

it.each([
  ['photo.jpg?w=50&format=webp', undefined],
  ['photo.jpg?format=original', expect.stringMatching(/^\d+$/)],
])('HEAD of %s has the fields of GET and no content, without making anything', async (path, length) => {
  const answer = await rawExchange(
    images.port,
    `HEAD /${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
  );
  expect(answer.body).toBe('');
  expect(answer.headers['content-length']).toEqual(length);
  const { headers } = await get(path);
  for (const name of ['etag', 'content-type', 'cache-control', 'x-content-type-options']) {
    expect([name, answer.headers[name]]).toEqual([name, headers.get(name)]);
  }
});

describe('parameters that can not be used', () => {
  it.each([
    ['w=0', 'w', 'from 1 to 500, got "0"'],
    ['w=501', 'w', 'from 1 to 500, got "501"'],
    ['h=-1', 'h', 'from 1 to 500, got "-1"'],
    ['w=1.5', 'w', 'got "1.5"'],
    ['w=1e2', 'w', 'got "1e2"'],
    ['w=0x10', 'w', 'got "0x10"'],
    ['w=010', 'w', 'got "010"'],
    ['w=', 'w', 'got ""'],
    ['w=%00', 'w', 'expected a whole number'],
    [`w=${'9'.repeat(400)}`, 'w', '9…'],
    ['w=10&w=20', 'w', 'given twice'],
    ['q=0', 'q', 'from 1 to 100'],
    ['q=101', 'q', 'from 1 to 100'],
    ['q=50&format=png', 'q', 'png, which loses nothing'],
    ['format=svg', 'format', 'avif, webp, jpeg, png, gif, original, got "svg"'],
    ['format=JPEG', 'format', 'got "JPEG"'],
    ['fit=cover', 'fit', 'give both w and h'],
    ['fit=cover&w=10', 'fit', 'give both w and h'],
    ['fit=zoom&w=10&h=10', 'fit', 'inside, outside, cover, contain, fill'],
    ['format=original&w=10', 'w', 'leave "w" out'],
    ['width=10', 'width', 'these are: w, h, fit, q, format, v'],
    ['__proto__=1', '__proto__', 'no parameter here'],
  ])('?%s is refused with a problem that names %s', async (query, parameter, detail) => {
    const answer = await get(`photo.jpg?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({
      code: 'bad_parameter',
      parameter,
      detail: expect.stringContaining(detail),
    });
  });
});

it('an image that is not there is 404, whatever is asked of it', async () => {
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    expect([method, (await get('nothing.jpg?format=png', {}, method)).status]).toEqual([method, 404]);
  }
});
