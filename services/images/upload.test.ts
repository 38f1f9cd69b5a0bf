import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rawExchange } from '../kit/testing/raw-http.ts';
import { type ServiceProcess, temporaryFolder } from '../kit/testing/service-process.ts';
import {
  bytesOf,
  film,
  glass,
  photo,
  pixelBomb,
  pngChunk,
  pngOf,
  startImages,
  withJpegSize,
} from './testing.ts';

const maxBytes = 2_000_000;
let images: ServiceProcess;
let data: Awaited<ReturnType<typeof temporaryFolder>>;
let picture: Buffer;
beforeAll(async () => {
  data = await temporaryFolder();
  images = await startImages({
    dataDir: data.path,
    env: { IMAGES_MAX_BYTES: String(maxBytes), IMAGES_MAX_PIXELS: '10000000' },
  });
  picture = await photo(64, 48).jpeg().toBuffer();
});
afterAll(async () => {
  await images.end('SIGKILL');
  await data[Symbol.asyncDispose]();
});

const send = (method: string, path: string, body: Buffer | null, headers: Record<string, string> = {}) =>
  fetch(images.url + path, { method, headers, ...(body ? { body: bytesOf(body) } : {}) });
const put = (path: string, body: Buffer, headers?: Record<string, string>) =>
  send('PUT', path, body, headers);
const list = async (query = '') =>
  (await (await fetch(`${images.url}/${query}`)).json()) as {
    images: Record<string, unknown>[];
    next: number | null;
  };
const filesKept = () => readdir(`${data.path}/originals`);

describe('PUT', () => {
  it('keeps an image and says what it is', async () => {
    const created = await put('/a%20b%C3%A9.jpg', picture, { 'x-forwarded-prefix': '/images' });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/images/a%20b%C3%A9.jpg');
    const summary = await created.json();
    expect(summary).toEqual({
      name: 'a bé.jpg',
      href: '/images/a%20b%C3%A9.jpg',
      type: 'image/jpeg',
      bytes: picture.length,
      width: 64,
      height: 48,
      frames: 1,
      alpha: false,
      etag: created.headers.get('etag'),
      uploaded: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('replaces an image, and nothing is left of the old one', async () => {
    await put('/replaced', picture);
    const kept = await filesKept();
    const second = await put('/replaced', await glass(10, 10).png().toBuffer());
    expect(second.status).toBe(200);
    expect(await second.json()).toMatchObject({ type: 'image/png', width: 10 });
    expect((await filesKept()).length).toBe(kept.length);
    expect((await list()).images.filter(({ name }) => name === 'replaced')).toHaveLength(1);
  });

  it.each([
    ['avif', () => photo(40, 30).avif({ effort: 0 }).toBuffer(), { type: 'image/avif', frames: 1 }],
    ['webp with transparency', () => glass(40, 30).webp().toBuffer(), { type: 'image/webp', alpha: true }],
    ['a film', () => film(40, 30), { type: 'image/gif', frames: 3, width: 40, height: 30 }],
    ['CMYK', () => photo(40, 30).toColourspace('cmyk').jpeg().toBuffer(), { type: 'image/jpeg' }],
    ['16 bits', () => photo(40, 30).toColourspace('rgb16').png().toBuffer(), { type: 'image/png' }],
    ['grey', () => photo(40, 30).greyscale().jpeg().toBuffer(), { type: 'image/jpeg' }],
    ['interlaced', () => photo(40, 30).png({ progressive: true }).toBuffer(), { type: 'image/png' }],
  ])('takes %s, whatever its name and its Content-Type say', async (_name, make, expected) => {
    const answer = await put('/kind.txt', await make(), { 'content-type': 'text/html' });
    expect(await answer.json()).toMatchObject(expected);
    expect((await fetch(`${images.url}/kind.txt?w=20&format=jpeg`)).status).toBe(200);
  });

  it('holds to its conditions, before the body and after it', async () => {
    const first = await put('/held.jpg', picture);
    const etag = first.headers.get('etag')!;
    expect((await put('/held.jpg', picture, { 'if-none-match': '*' })).status).toBe(412);
    expect((await put('/held.jpg', picture, { 'if-match': '"other"' })).status).toBe(412);
    expect((await put('/absent.jpg', picture, { 'if-match': '*' })).status).toBe(412);
    expect((await put('/held.jpg', picture, { 'if-match': etag })).status).toBe(200);
  });

  it('lets one of many win who all want a name that nobody has', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => put('/contested.jpg', picture, { 'if-none-match': '*' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412, 412, 412, 412, 412, 412]);
  });

  it('does not take a part for the whole', async () => {
    const answer = await put('/part.jpg', picture, { 'content-range': 'bytes 0-9/100' });
    expect([answer.status, (await answer.json()) as object]).toEqual([
      400,
      expect.objectContaining({ code: 'partial_put' }),
    ]);
  });
});

describe('POST', () => {
  it('names an image by its content, so that sending it again changes nothing', async () => {
    const headers = { 'content-type': 'image/png' };
    const first = await send('POST', '/', picture, headers);
    const second = await send('POST', '/', picture, headers);
    expect([first.status, second.status]).toEqual([201, 200]);
    const { name } = (await first.json()) as { name: string };
    expect(name).toMatch(/^[\w-]{12}\.jpg$/);
    expect(await second.json()).toMatchObject({ name });
    expect((await fetch(images.url + first.headers.get('location'))).status).toBe(200);
  });

  it.each(['', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded'])(
    'refuses "%s", which a form of a foreign page could send',
    async (type) => {
      const head = `POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1\r\n`;
      const answer = await rawExchange(images.port, `${head}${type && `content-type: ${type}\r\n`}\r\nx`);
      expect(answer.status).toBe(415);
    },
  );
});

describe('DELETE', () => {
  it('takes the image and its bytes away', async () => {
    await put('/gone.jpg', picture);
    const kept = await filesKept();
    expect((await send('DELETE', '/gone.jpg', null)).status).toBe(204);
    expect((await fetch(`${images.url}/gone.jpg`)).status).toBe(404);
    expect((await send('DELETE', '/gone.jpg', null)).status).toBe(404);
    expect((await filesKept()).length).toBe(kept.length - 1);
  });

  it('spares an image that was replaced since it was looked at', async () => {
    await put('/spared.jpg', picture);
    expect((await send('DELETE', '/spared.jpg', null, { 'if-match': '"old"' })).status).toBe(412);
    expect((await fetch(`${images.url}/spared.jpg?w=9`)).status).toBe(200);
  });
});

describe('the list', () => {
  it('has the newest image first, in pages', async () => {
    for (const name of ['l1', 'l2', 'l3', 'l1']) await put(`/${name}`, picture);
    const first = await list('?limit=2');
    expect(first.images.map(({ name }) => name)).toEqual(['l1', 'l3']);
    const second = await list(`?limit=1&before=${first.next}`);
    expect(second.images.map(({ name }) => name)).toEqual(['l2']);
  });

  it.each(['limit=0', 'limit=501', 'before=x', 'page=2'])('refuses ?%s', async (query) => {
    expect((await fetch(`${images.url}/?${query}`)).status).toBe(400);
  });
});

describe('names', () => {
  it.each('%2F a%2Fb ..%2f..%2fetc %2e%2e a%5Cb a%00b a%0Ab %ff % healthz _page'.split(' '))(
    '%s is none',
    async (name) => {
      const head = `PUT /${name} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n`;
      const answer = await rawExchange(
        images.port,
        Buffer.concat([Buffer.from(`${head}content-length: ${picture.length}\r\n\r\n`), picture]),
      );
      expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/problem+json']);
    },
  );

  it('of 200 bytes is one, and of 201 none', async () => {
    expect((await put(`/${'n'.repeat(200)}`, picture)).status).toBe(201);
    expect((await put(`/${'n'.repeat(201)}`, picture)).status).toBe(400);
  });

  it.each(['..hidden', '%252e%252e', 'a;b=c', '"><script>', "it's.jpg", '😀.png'])(
    '%s is one',
    async (name) => {
      const path = `/${encodeURIComponent(name)}`;
      expect((await put(path, picture)).status).toBe(201);
      expect((await fetch(`${images.url}${path}?w=9`)).status).toBe(200);
    },
  );

  it('is the same one, composed or not', async () => {
    await put(`/${encodeURIComponent('ö1.jpg'.normalize('NFD'))}`, picture);
    expect((await fetch(`${images.url}/${encodeURIComponent('ö1.jpg'.normalize('NFC'))}?w=9`)).status).toBe(
      200,
    );
  });
});

describe('bytes that are refused', () => {
  let before: string[];
  beforeEach(async () => {
    before = await filesKept();
  });

  const html = '<!doctype html><script>alert(1)</script>';
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>';
  const pdf = '%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj';
  it.each<[string, () => Buffer | Promise<Buffer>, number, string]>([
    ['HTML', () => Buffer.from(html), 415, 'unsupported_image'],
    ['SVG', () => Buffer.from(svg), 415, 'unsupported_image'],
    ['SVG behind an XML head', () => Buffer.from(`<?xml version="1.0"?>\n${svg}`), 415, 'unsupported_image'],
    ['SVG in gzip', () => gzipSync(svg), 415, 'unsupported_image'],
    ['PDF', () => Buffer.from(pdf), 415, 'unsupported_image'],
    ['ZIP', () => Buffer.from('PK\x03\x04\x14\0\0\0', 'latin1'), 415, 'unsupported_image'],
    ['TIFF', () => photo(20, 20).tiff().toBuffer(), 415, 'unsupported_image'],
    ['zeros', () => Buffer.alloc(5000), 415, 'unsupported_image'],
    ['nothing', () => Buffer.alloc(0), 400, 'empty_body'],
    ['a script that begins as a GIF', () => Buffer.from(`GIF89a/*${html}*/=1;`), 422, 'broken_image'],
    [
      'HTML that begins as a PNG',
      () => Buffer.from(`\x89PNG\r\n\x1a\n${html}`, 'latin1'),
      422,
      'broken_image',
    ],
    [
      'a PNG without its pixels',
      () => pngOf({ width: 99, height: 99 }, Buffer.alloc(0)),
      422,
      'broken_image',
    ],
    [
      'a PNG with too few pixels',
      () => pngOf({ width: 800, height: 800 }, deflateSync(Buffer.alloc(99))),
      422,
      'broken_image',
    ],
    ['a JPEG whose head says 65,000 × 65,000', () => withJpegSize(picture, 65_000), 422, 'too_many_pixels'],
    [
      'a PNG whose head says 2³¹ − 1',
      () => pngOf({ width: 0x7fffffff, height: 0x7fffffff }, Buffer.alloc(9)),
      422,
      'broken_image',
    ],
    ['a PNG that unpacks to 400 million pixels', () => pixelBomb(20_000), 422, 'too_many_pixels'],
  ])('%s', async (_name, make, status, code) => {
    const answer = await put('/refused', await make());
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(await answer.json()).toMatchObject({ code });
    expect((await fetch(`${images.url}/refused`)).status).toBe(404);
    expect(await filesKept()).toEqual(before);
    expect(await readdir(`${data.path}/incoming`)).toEqual([]);
  });

  it.each(['jpeg', 'png', 'webp', 'avif', 'gif'] as const)('%s that is cut off anywhere', async (format) => {
    const whole = await photo(300, 200).toFormat(format).toBuffer();
    for (const share of [0.2, 0.6, 0.99]) {
      const answer = await put('/cut', whole.subarray(0, Math.floor(whole.length * share)));
      const { code } = (await answer.json()) as { code: string };
      expect([share, answer.status, code]).toEqual([share, 422, 'broken_image']);
    }
  });

  it('a film of more frames than anyone needs', async () => {
    const colours = ['#000000', '#ffffff'];
    const pair = await Promise.all(
      colours.map((background) =>
        sharp({ create: { width: 4, height: 4, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const frames = Array.from({ length: 501 }, (_, n) => pair[n % 2]!);
    const answer = await put(
      '/long',
      await sharp(frames, { join: { animated: true } })
        .gif()
        .toBuffer(),
    );
    expect(await answer.json()).toMatchObject({ status: 422, code: 'too_many_frames' });
  });

  it('more bytes than are taken, at once where the length is known', async () => {
    const head = `PUT /big HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${maxBytes + 1}\r\n\r\n`;
    expect((await rawExchange(images.port, head)).status).toBe(413);
    expect(await readdir(`${data.path}/incoming`)).toEqual([]);
  });
});

it.skipIf(process.platform !== 'linux')('bombs cost no memory', async () => {
  const peakKiB = async () =>
    Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${images.pid}/status`, 'utf8'))?.[1]);
  await put('/warm.png', await photo(1000, 1000).png().toBuffer());
  const before = await peakKiB();
  const text = deflateSync(Buffer.alloc(200_000_000));
  for (const [type, head] of [
    ['zTXt', 'Comment\0\0'],
    ['iCCP', 'profile\0\0'],
  ] as const) {
    const chunk = pngChunk(type, Buffer.concat([Buffer.from(head), text]));
    await put('/chunk.png', pngOf({ width: 8, height: 8 }, deflateSync(Buffer.alloc(16)), [chunk]));
  }
  expect((await put('/bomb.png', pixelBomb(20_000))).status).toBe(422);
  expect((await peakKiB()) - before).toBeLessThan(48 * 1024);
});

it('what stands behind or beside the pixels of a valid image reaches nobody', async () => {
  const script = '<script>alert(1)</script>';
  const jpeg = await photo(60, 60).jpeg().toBuffer();
  const length = Buffer.alloc(2);
  length.writeUInt16BE(script.length + 2);
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe]), length, Buffer.from(script)]);
  const polyglot = Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2), Buffer.from(script)]);
  expect((await put('/polyglot.html', polyglot)).status).toBe(201);
  for (const query of ['', '?format=jpeg', '?format=png', '?format=webp']) {
    const bytes = Buffer.from(await (await fetch(`${images.url}/polyglot.html${query}`)).arrayBuffer());
    expect([query, bytes.includes('script')]).toEqual([query, false]);
  }
  const original = await fetch(`${images.url}/polyglot.html?format=original`);
  expect(Object.fromEntries(original.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
  });
});

it('an upload that breaks off leaves nothing', async () => {
  const socket = connect(images.port, '127.0.0.1');
  socket.write(`PUT /broken-off HTTP/1.1\r\nhost: x\r\ncontent-length: ${picture.length}\r\n\r\n`);
  socket.write(picture.subarray(0, 500));
  const incoming = () => readdir(`${data.path}/incoming`);
  await expect.poll(incoming, { timeout: 5000 }).toHaveLength(1);
  socket.destroy();
  await expect.poll(incoming, { timeout: 5000 }).toEqual([]);
  expect((await fetch(`${images.url}/broken-off`)).status).toBe(404);
});
