import { randomBytes } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rawExchange } from '../kit/testing/raw-http.ts';
import { type ServiceProcess, startService, temporaryFolder } from '../kit/testing/service-process.ts';

let files: ServiceProcess;
let data: Awaited<ReturnType<typeof temporaryFolder>>;
async function start(): Promise<void> {
  data = await temporaryFolder();
  files = await startService('files', { dataDir: data.path, env: { FILES_MAX_BYTES: '10000000' } });
}
async function end(): Promise<void> {
  await files.end('SIGKILL');
  await data[Symbol.asyncDispose]();
}
const unfinished = () => readdir(`${data.path}/uploads`);

const tus = { 'tus-resumable': '1.0.0' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

function create(path: string, size: number, headers: Record<string, string> = {}) {
  return fetch(`${files.url}/_uploads`, {
    method: 'POST',
    headers: { ...tus, 'upload-length': String(size), 'upload-metadata': `path ${base64(path)}`, ...headers },
  });
}

function patch(location: string, offset: number, body: Uint8Array<ArrayBuffer>) {
  const headers = {
    ...tus,
    'upload-offset': String(offset),
    'content-type': 'application/offset+octet-stream',
  };
  return fetch(files.url + location, { method: 'PATCH', headers, body });
}

const head = (location: string) => fetch(files.url + location, { method: 'HEAD', headers: tus });
const offsetOf = async (location: string) => Number((await head(location)).headers.get('upload-offset'));

describe('a resumable upload', () => {
  beforeAll(start);
  afterAll(end);

  it('arrives in pieces and stands in the tree when it is whole', async () => {
    const before = await unfinished();
    const bytes = randomBytes(300_000);
    const created = await create('a folder/é.bin', bytes.length);
    expect(created.status).toBe(201);
    const location = created.headers.get('location')!;
    expect(location).toMatch(/^\/_uploads\/[0-9a-f]{32}$/);
    expect((await patch(location, 0, bytes.subarray(0, 100_000))).headers.get('upload-offset')).toBe(
      '100000',
    );
    expect((await fetch(`${files.url}/a%20folder/%C3%A9.bin`)).status).toBe(404);
    expect((await patch(location, 50_000, bytes.subarray(50_000))).status).toBe(409);
    expect((await patch(location, 100_000, bytes.subarray(100_000))).status).toBe(204);
    const answer = await fetch(`${files.url}/a%20folder/%C3%A9.bin`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    expect(await offsetOf(location)).toBe(bytes.length);
    expect(await unfinished()).toEqual(before);
  });

  it('has a Location behind the prefix', async () => {
    const created = await create('x', 1, { 'x-forwarded-prefix': '/files' });
    expect(created.headers.get('location')).toMatch(/^\/files\/_uploads\/[0-9a-f]{32}$/);
  });

  it('is completed by the next question where a crash came between the last byte and the tree', async () => {
    const location = (await create('late.bin', 5)).headers.get('location')!;
    await writeFile(`${data.path}/uploads/${location.split('/').at(-1)}`, 'bytes');
    expect(await offsetOf(location)).toBe(5);
    expect(await (await fetch(`${files.url}/late.bin`)).text()).toBe('bytes');
  });

  it('is given up by DELETE', async () => {
    const before = await unfinished();
    const location = (await create('given-up.bin', 10)).headers.get('location')!;
    await patch(location, 0, Buffer.from('12345'));
    expect((await fetch(files.url + location, { method: 'DELETE', headers: tus })).status).toBe(204);
    expect((await head(location)).status).toBe(404);
    expect(await unfinished()).toEqual(before);
  });

  it('takes an empty file and one of a length that is told later', async () => {
    expect((await create('empty.txt', 0)).status).toBe(201);
    expect((await fetch(`${files.url}/empty.txt`)).status).toBe(200);
    const headers = {
      ...tus,
      'upload-defer-length': '1',
      'upload-metadata': `filename ${base64('later.txt')}`,
    };
    const created = await fetch(`${files.url}/_uploads`, { method: 'POST', headers });
    const location = created.headers.get('location')!;
    await fetch(files.url + location, {
      method: 'PATCH',
      headers: {
        ...tus,
        'upload-offset': '0',
        'upload-length': '3',
        'content-type': 'application/offset+octet-stream',
      },
      body: 'abc',
    });
    expect(await (await fetch(`${files.url}/later.txt`)).text()).toBe('abc');
  });

  it.each([
    ['../secret.txt', 400],
    ['a/../../secret.txt', 400],
    ['a\\b', 400],
    ['CON', 400],
    ['_uploads/x', 400],
    ['folder/', 400],
    ['', 400],
  ])('refuses the path "%s" when it is created', async (path, status) => {
    const before = await unfinished();
    expect((await create(path, 1)).status).toBe(status);
    expect(await unfinished()).toEqual(before);
  });

  it('refuses what is too large, and a place where a folder is', async () => {
    expect((await create('large.bin', 10_000_001)).status).toBe(413);
    await fetch(`${files.url}/place`, { method: 'MKCOL' });
    expect((await create('place', 1)).status).toBe(409);
  });

  it.each([
    '/_uploads/..%2fuploads.sqlite',
    '/_uploads/%2e%2e',
    '/_uploads/x',
    `/_uploads/${'0'.repeat(32)}`,
  ])('knows nothing at %s', async (target) => {
    for (const [method, status] of [
      ['HEAD', 404],
      ['DELETE', 404],
      ['GET', 400],
    ]) {
      const request = `${method} ${target} HTTP/1.1\r\nhost: x\r\ntus-resumable: 1.0.0\r\nconnection: close\r\n\r\n`;
      expect((await rawExchange(files.port, request)).status).toBe(status);
    }
  });

  it('does not invite pages of other origins', async () => {
    const answer = await fetch(`${files.url}/_uploads`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe(null);
    expect(answer.headers.get('tus-version')).toBe('1.0.0');
  });
});

describe('a resumable upload to a service of its own', () => {
  beforeEach(start);
  afterEach(end);

  it('goes on after the service was killed in the middle', async () => {
    const bytes = randomBytes(2_000_000);
    const location = (await create('resumed.bin', bytes.length)).headers.get('location')!;
    const socket = connect(files.port, '127.0.0.1');
    socket.on('error', () => socket.destroy());
    socket.write(
      `PATCH ${location} HTTP/1.1\r\nhost: x\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n` +
        `content-type: application/offset+octet-stream\r\ncontent-length: ${bytes.length}\r\n\r\n`,
    );
    socket.write(bytes.subarray(0, 700_000));
    const id = location.split('/').at(-1)!;
    await expect.poll(async () => (await stat(`${data.path}/uploads/${id}`)).size).toBe(700_000);
    await files.end('SIGKILL');
    files = await startService('files', { dataDir: data.path });
    const offset = await offsetOf(location);
    expect(offset).toBe(700_000);
    expect((await patch(location, offset, bytes.subarray(offset))).status).toBe(204);
    const answer = await fetch(`${files.url}/resumed.bin`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('keeps what it has when there is no room for more', async () => {
    await files.end('SIGKILL');
    files = await startService('files', { dataDir: data.path, fileMaxKib: 1024 });
    const location = (await create('full.bin', 3_000_000)).headers.get('location')!;
    expect((await patch(location, 0, Buffer.alloc(3_000_000))).status).toBe(507);
    expect(await offsetOf(location)).toBe(1024 * 1024);
    expect((await fetch(`${files.url}/full.bin`)).status).toBe(404);
  });
});
