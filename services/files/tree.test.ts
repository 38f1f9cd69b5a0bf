import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawExchange } from '../kit/testing/raw-http.ts';
import { type ServiceProcess, startService, temporaryFolder } from '../kit/testing/service-process.ts';

let files: ServiceProcess;
let data: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  data = await temporaryFolder();
  files = await startService('files', { dataDir: data.path });
  await writeFile(`${data.path}/secret.txt`, 'secret');
});
afterAll(async () => {
  await files.end('SIGKILL');
  await data[Symbol.asyncDispose]();
});

function call(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  return fetch(files.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
}

const raw = (method: string, target: string) =>
  rawExchange(
    files.port,
    `${method} ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
  );

describe('there is no way out of the folder', () => {
  it.each([
    '/../secret.txt',
    '/a/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/%2E%2E%2Fsecret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/%2e/secret.txt',
    '/./secret.txt',
    '//secret.txt',
    '/a//b',
    '/x%00.txt',
    '/x%0a.txt',
    '/%c0%ae%c0%ae/secret.txt',
    '/%ff',
    '/CON',
    '/aux.txt',
    '/folder/com1.log',
    '/file.txt::$DATA',
    '/C:/x',
    '/trailing.',
    '/trailing%20',
    '/_page',
    `/${'n'.repeat(256)}`,
  ])('%s is refused for reading and writing', async (target) => {
    for (const method of ['GET', 'PUT', 'DELETE', 'MKCOL']) {
      const answer = await raw(method, target);
      expect([400, 404, 405], `${method} ${answer.body}`).toContain(answer.status);
    }
    expect(await readFile(`${data.path}/secret.txt`, 'utf8')).toBe('secret');
  });

  it('a symbolic link is as if it were not there', async () => {
    await symlink('../secret.txt', `${data.path}/tree/link.txt`);
    await symlink('..', `${data.path}/tree/up`);
    for (const path of ['/link.txt', '/up/', '/up/secret.txt'])
      expect((await call('GET', path)).status).toBe(404);
    expect((await call('PUT', '/up/new.txt', {}, 'x')).status).toBe(409);
    expect((await call('DELETE', '/up/secret.txt')).status).toBe(404);
    const listing = await (await call('GET', '/')).json();
    expect(JSON.stringify(listing)).not.toMatch(/link\.txt|"up"/);
  });

  it('a pipe in the tree blocks nobody', async () => {
    execFileSync('mkfifo', [`${data.path}/tree/pipe`]);
    expect((await call('GET', '/pipe')).status).toBe(404);
  });

  it('a written name replaces a link, and never what it points to', async () => {
    await symlink('../secret.txt', `${data.path}/tree/over.txt`);
    expect((await call('PUT', '/over.txt', {}, 'mine')).status).toBe(201);
    expect(await readFile(`${data.path}/secret.txt`, 'utf8')).toBe('secret');
  });
});

describe('folders', () => {
  it('are listed as JSON in the order of names, with links that work behind a prefix', async () => {
    await call('PUT', '/list/b%20c.txt', {}, '12345');
    await call('PUT', '/list/a/deep.txt', {}, '');
    const answer = await call('GET', '/list/', { 'x-forwarded-prefix': '/files' });
    expect(await answer.json()).toEqual({
      path: '/files/list/',
      next: null,
      entries: [
        { name: 'a', kind: 'folder', size: 0, modified: expect.any(String), href: '/files/list/a/' },
        {
          name: 'b c.txt',
          kind: 'file',
          size: 5,
          modified: expect.any(String),
          href: '/files/list/b%20c.txt',
        },
      ],
    });
  });

  it('are listed as a page whose names are text and whose links are relative', async () => {
    const name = "it's & <b>bold<b>.txt".replaceAll('<', '(').replaceAll('>', ')');
    await call('PUT', `/page/x/${encodeURIComponent(name)}`, {}, '');
    await mkdir(`${data.path}/tree/page/x/<script>alert(1)<script>`);
    const answer = await call('GET', '/page/x/', { accept: 'text/html,*/*' });
    const text = await answer.text();
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain('it&#39;s &amp; (b)bold(b).txt</a>');
    expect(text).toContain('href="../../_page/base.css"');
    expect(text).not.toContain('<script>alert');
    expect(text).not.toMatch(/(?:href|src)="\//);
  });

  it('come in pages', async () => {
    await mkdir(`${data.path}/tree/many`);
    for (let n = 0; n < 1001; n += 1)
      await writeFile(`${data.path}/tree/many/${String(n).padStart(4, '0')}`, '');
    const first = (await (await call('GET', '/many/')).json()) as { entries: unknown[]; next: string };
    expect([first.entries.length, first.next]).toEqual([1000, '0999']);
    const second = await (await call('GET', '/many/?after=0999')).json();
    expect(second).toMatchObject({ entries: [{ name: '1000' }], next: null });
  });

  it('without the slash lead to the address with it', async () => {
    await call('MKCOL', '/slash');
    const answer = await fetch(`${files.url}/slash`, {
      redirect: 'manual',
      headers: { 'x-forwarded-prefix': '/files' },
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([308, '/files/slash/']);
  });

  it('are made by MKCOL, once, and removed when empty or on demand', async () => {
    expect((await call('MKCOL', '/made/')).status).toBe(201);
    expect((await call('MKCOL', '/made')).status).toBe(409);
    await call('PUT', '/made/x', {}, 'x');
    expect((await call('DELETE', '/made/')).status).toBe(409);
    expect((await call('DELETE', '/made/?recursive=true')).status).toBe(204);
    expect((await call('GET', '/made/')).status).toBe(404);
  });

  it.each([
    ['PUT', '/kinds/folder', 409],
    ['PUT', '/kinds/file/below', 409],
    ['MKCOL', '/kinds/file', 409],
    ['GET', '/kinds/file/', 404],
    ['DELETE', '/', 404],
    ['PUT', '/new/', 400],
    ['POST', '/kinds/file', 405],
  ])('a folder is no file and a file no folder: %s %s', async (method, path, status) => {
    await call('PUT', '/kinds/file', {}, 'x');
    await call('MKCOL', '/kinds/folder');
    expect((await call(method, path, {}, method === 'GET' ? undefined : '')).status).toBe(status);
  });
});

describe('moving', () => {
  it('renames files and folders behind the prefix', async () => {
    await call('PUT', '/from/a.txt', {}, 'A');
    const moved = await call('MOVE', '/from/a.txt', {
      destination: '/files/to/b.txt',
      'x-forwarded-prefix': '/files',
    });
    expect([moved.status, moved.headers.get('location')]).toEqual([201, '/files/to/b.txt']);
    expect(await (await call('GET', '/to/b.txt')).text()).toBe('A');
    expect((await call('GET', '/from/a.txt')).status).toBe(404);
    expect((await call('MOVE', '/to/', { destination: `${files.url}/third/` })).status).toBe(201);
    expect(await (await call('GET', '/third/b.txt')).text()).toBe('A');
  });

  it.each([
    [{ destination: '/taken.txt', overwrite: 'F' }, 412],
    [{ destination: 'http://elsewhere.example/x' }, 400],
    [{ destination: '/../x' }, 400],
    [{ destination: '/' }, 400],
    [{ destination: '/folder' }, 409],
    [{}, 400],
    [{ destination: '/x', 'x-forwarded-prefix': '/files' }, 400],
  ])('%o: %i, and the file stays', async (headers, status) => {
    await call('PUT', '/stays.txt', {}, 'stays');
    await call('PUT', '/taken.txt', {}, 'taken');
    await call('PUT', '/folder/x', {}, '');
    expect((await call('MOVE', '/stays.txt', headers as unknown as Record<string, string>)).status).toBe(
      status,
    );
    expect(await (await call('GET', '/stays.txt')).text()).toBe('stays');
    expect(await (await call('GET', '/taken.txt')).text()).toBe('taken');
  });

  it('does not move a folder into itself', async () => {
    await call('MKCOL', '/self');
    expect((await call('MOVE', '/self/', { destination: '/self/below/' })).status).toBe(409);
    expect((await call('GET', '/self/')).status).toBe(200);
  });
});
