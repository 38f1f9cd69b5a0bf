import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawExchange } from '../kit/testing/raw-http.ts';
import { type ServiceProcess, startService, temporaryFolder } from '../kit/testing/service-process.ts';

let files: ServiceProcess;
let data: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  data = await temporaryFolder();
  files = await startService('files', { dataDir: data.path, env: { FILES_MAX_BYTES: '5000000' } });
});
afterAll(async () => {
  await files.end('SIGKILL');
  await data[Symbol.asyncDispose]();
});

const put = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(files.url + path, { method: 'PUT', body, headers });
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(files.url + path, { headers, method });
const digestOf = (text: string | Buffer) => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;

describe('upload and download', () => {
  it('brings every byte back, with its length, type and validators', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7) % 256));
    const created = await put('/a/b/picture.png', bytes, { 'x-forwarded-prefix': '/files' });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/files/a/b/picture.png');
    expect(created.headers.get('repr-digest')).toBe(digestOf(bytes));
    const answer = await get('/a/b/picture.png');
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-length': '300000',
      'content-type': 'image/png',
      etag: created.headers.get('etag'),
      'repr-digest': digestOf(bytes),
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox'),
    });
  });

  it('replaces a file whole and gives it another ETag', async () => {
    const first = await put('/replaced.txt', 'one');
    const second = await put('/replaced.txt', 'two');
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.headers.get('etag')).not.toBe(first.headers.get('etag'));
    expect(await (await get('/replaced.txt')).text()).toBe('two');
  });

  it('takes an empty file', async () => {
    expect((await put('/empty', '')).status).toBe(201);
    const answer = await get('/empty');
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('answers HEAD with all fields of GET and no body', async () => {
    await put('/head.txt', 'abc');
    const answer = await rawExchange(
      files.port,
      'HEAD /head.txt HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    );
    expect(answer).toMatchObject({ status: 200, body: '', headers: { 'content-length': '3' } });
  });

  it('names that are not ASCII, and dots that climb nowhere, are names', async () => {
    for (const name of ['/%C3%A9t%C3%A9%20%23%3B%2B%25.txt', '/..hidden', '/...slug', '/.env']) {
      expect((await put(name, name)).status, name).toBe(201);
      expect(await (await get(name)).text()).toBe(name);
    }
  });
});

it.skipIf(process.platform !== 'linux')(
  'a client that leaves in the middle of a download leaves no open file',
  async () => {
    await put('/long.bin', Buffer.alloc(4_900_000));
    const openFiles = async () => {
      const links = (await readdir(`/proc/${files.pid}/fd`)).map((fd) =>
        readlink(`/proc/${files.pid}/fd/${fd}`),
      );
      return (await Promise.allSettled(links)).filter(
        (link) => link.status === 'fulfilled' && /tree/.test(link.value),
      );
    };
    const socket = connect(files.port, '127.0.0.1');
    socket.write('GET /long.bin HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'readable');
    await expect.poll(openFiles).toHaveLength(1);
    socket.destroy();
    await expect.poll(openFiles).toHaveLength(0);
  },
);

describe('ranges', () => {
  beforeAll(async () => {
    await put('/range.txt', '0123456789');
  });

  it.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=10-', 416, null, 'bytes */10'],
    ['bytes=-0', 416, null, 'bytes */10'],
    ['bytes=4-2', 200, '0123456789', null],
    ['bytes=0-1,3-4', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
    ['bytes=a-b', 200, '0123456789', null],
  ])('%s: %i', async (range, status, body, contentRange) => {
    const answer = await get('/range.txt', { range });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-range')).toBe(contentRange);
    if (body !== null) expect(await answer.text()).toBe(body);
  });

  it('goes on only with the very file that the client has a part of', async () => {
    const etag = (await get('/range.txt')).headers.get('etag')!;
    expect((await get('/range.txt', { range: 'bytes=5-', 'if-range': etag })).status).toBe(206);
    expect((await get('/range.txt', { range: 'bytes=5-', 'if-range': '"other"' })).status).toBe(200);
    const recent = (await get('/range.txt')).headers.get('last-modified')!;
    const old = new Date(Date.parse(recent) - 60_000).toUTCString();
    expect((await get('/range.txt', { range: 'bytes=5-', 'if-range': old })).status).toBe(200);
  });
});

describe('conditions', () => {
  it('answers 304 to who has the file', async () => {
    const etag = (await put('/cond.txt', 'x')).headers.get('etag')!;
    const answer = await get('/cond.txt', { 'if-none-match': `"a", W/${etag}` });
    expect([answer.status, await answer.text()]).toEqual([304, '']);
    const modified = (await get('/cond.txt')).headers.get('last-modified')!;
    expect((await get('/cond.txt', { 'if-modified-since': modified })).status).toBe(304);
    expect((await get('/cond.txt', { 'if-modified-since': modified, 'if-none-match': '"a"' })).status).toBe(
      200,
    );
  });

  it.each([
    ['PUT', { 'if-none-match': '*' }],
    ['PUT', { 'if-match': '"other"' }],
    ['DELETE', { 'if-match': '"other"' }],
    ['PUT', { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }],
  ])('%s with %o does not touch the file', async (method, headers) => {
    await put('/guarded.txt', 'kept');
    const body = method === 'PUT' ? { body: 'lost' } : {};
    const answer = await fetch(`${files.url}/guarded.txt`, {
      method,
      headers: headers as unknown as Record<string, string>,
      ...body,
    });
    expect(answer.status).toBe(412);
    expect(await (await get('/guarded.txt')).text()).toBe('kept');
  });
});

describe('uploads that come to nothing leave nothing', () => {
  const incoming = () => readdir(`${data.path}/incoming`);

  it('when the client leaves in the middle', async () => {
    const socket = connect(files.port, '127.0.0.1');
    socket.write('PUT /aborted.bin HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n');
    socket.write(Buffer.alloc(100_000));
    await expect.poll(incoming).toHaveLength(1);
    socket.destroy();
    await expect.poll(incoming).toHaveLength(0);
    expect((await get('/aborted.bin')).status).toBe(404);
    expect(files.log.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('when the last chunk is missing', async () => {
    const socket = connect(files.port, '127.0.0.1');
    socket.end('PUT /cut.bin HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await new Promise((resolve) => socket.resume().on('close', resolve));
    await expect.poll(incoming).toHaveLength(0);
    expect((await get('/cut.bin')).status).toBe(404);
  });

  const body = () =>
    new ReadableStream({
      start(controller) {
        for (let n = 0; n < 6; n += 1) controller.enqueue(Buffer.alloc(1_000_000));
        controller.close();
      },
    });

  it.each([
    ['larger than the limit', Buffer.alloc(5_000_001), {}, 413, 'body_too_large'],
    ['with another digest', 'abc', { 'repr-digest': digestOf('abd') }, 400, 'digest_differs'],
    ['of a part', 'abc', { 'content-range': 'bytes 0-2/10' }, 400, 'partial_put'],
    ['compressed', 'abc', { 'content-encoding': 'gzip' }, 415, 'unsupported_content_encoding'],
  ])('%s', async (_name, content, headers, status, code) => {
    const answer = await put('/refused.bin', content, headers as unknown as Record<string, string>);
    expect(await answer.json()).toMatchObject({ status, code });
    expect(await incoming()).toEqual([]);
    expect((await get('/refused.bin')).status).toBe(404);
  });

  it('when there is no room on the disk', async () => {
    await using folder = await temporaryFolder();
    const small = await startService('files', { dataDir: folder.path, fileMaxKib: 1024 });
    const answer = await fetch(`${small.url}/full.bin`, { method: 'PUT', body: Buffer.alloc(3_000_000) });
    expect(await answer.json()).toMatchObject({ status: 507, code: 'storage_full' });
    expect(await readdir(`${folder.path}/incoming`)).toEqual([]);
    expect((await fetch(`${small.url}/full.bin`)).status).toBe(404);
    expect((await fetch(`${small.url}/fits.bin`, { method: 'PUT', body: 'x' })).status).toBe(201);
    await small.end('SIGKILL');
  });

  it('of unknown length and larger than the limit', async () => {
    const answer = await fetch(`${files.url}/refused.bin`, { method: 'PUT', body: body(), duplex: 'half' });
    expect(answer.status).toBe(413);
    await expect.poll(incoming).toEqual([]);
  });

  it('accepts a digest that fits, and computes one for a file that it has not seen arrive', async () => {
    expect((await put('/sum.txt', 'abc', { 'repr-digest': digestOf('abc') })).status).toBe(201);
    await writeFile(`${data.path}/tree/placed.txt`, 'placed');
    expect((await get('/placed.txt')).headers.get('repr-digest')).toBe(null);
    const asked = await get('/placed.txt', { 'want-repr-digest': 'sha-256=5', range: 'bytes=0-1' });
    expect([asked.headers.get('repr-digest'), await asked.text()]).toEqual([digestOf('placed'), 'pl']);
  });
});
