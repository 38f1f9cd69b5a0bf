import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { fileAnswer } from '../../folder/file-answer.ts';
import { Folder } from '../../folder/folder.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { pageExample } from '../testing/page-example.ts';
import { temporaryFolder } from '../testing/program.ts';
import { request } from '../testing/raw-client.ts';
import { handshake } from '../testing/websocket.ts';

const PAGE = '<h1>hello</h1>';
const SCRIPT = `${'console.log(1);'.repeat(100)}\n`;

const FILES: Readonly<Record<string, string | Buffer>> = {
  'public/index.html': PAGE,
  'public/app.js': SCRIPT,
  'public/app.js.br': brotliCompressSync(SCRIPT),
  'public/app.js.gz': gzipSync(SCRIPT),
  'public/data.bin': Buffer.from('0123456789'),
  'public/empty.txt': '',
  'public/with space.txt': 'space',
  'public/bare/file.txt': 'bare',
  'public/sub/index.html': 'sub',
  'public/.env': 'SECRET',
  'public/.git/config': 'SECRET',
  'public/.well-known/security.txt': 'Contact',
  'secret.txt': 'SECRET',
};

/** A folder `public` with files, and beside it what nobody may see. */
async function site(): Promise<string> {
  const root = await temporaryFolder(FILES);
  await symlink(join(root, 'secret.txt'), join(root, 'public/leak.txt'));
  await symlink('..', join(root, 'public/up'));
  await symlink('app.js', join(root, 'public/latest.js'));
  await symlink('.env', join(root, 'public/shown'));
  return root;
}

async function stage(keys = '', more = '') {
  const root = await site();
  const folder = JSON.stringify(join(root, 'public'));
  const yaml = `${more}routes:\n  /docs: { folder: ${folder}${keys && `, ${keys}`} }\n`;
  const gateway = await startTestGateway(yaml);
  return { root, gateway };
}

describe.each([['wire'], ['general']])('a folder, in the %s lane', (lane) => {
  const inLane = (keys = '') => stage([`lane: ${lane}`, keys].filter(Boolean).join(', '));

  test.each([
    ['/docs/', PAGE, 'text/html; charset=utf-8'],
    ['/docs', PAGE, 'text/html; charset=utf-8'],
    ['/docs/app.js?v=1', SCRIPT, 'application/javascript; charset=utf-8'],
    ['/docs/latest.js', SCRIPT, 'application/javascript; charset=utf-8'],
    ['/docs/with%20space.txt', 'space', 'text/plain; charset=utf-8'],
    ['/docs/sub/', 'sub', 'text/html; charset=utf-8'],
    ['/docs/empty.txt', '', 'text/plain; charset=utf-8'],
    ['/docs/.well-known/security.txt', 'Contact', 'text/plain; charset=utf-8'],
  ])('%s is answered with its file', async (target, text, type) => {
    const { gateway } = await inLane();
    const answer = await gateway.get(target);
    expect([answer.status, answer.text, answer.head.value('content-type')]).toEqual([200, text, type]);
    expect(answer.head.value('content-length')).toBe(String(text.length));
    expect(answer.head.value('cache-control')).toBe('no-cache');
    expect(answer.head.value('x-request-id')).toBeTruthy();
    expect(await gateway.log.exchange(200)).toMatchObject({ route: '/docs', lane, bytesOut: text.length });
  });

  test.each([
    '/docs/none.txt',
    '/docs/leak.txt',
    '/docs/up/secret.txt',
    '/docs/shown',
    '/docs/.env',
    '/docs/%2eenv',
    '/docs/.git/config',
    '/docs/sub/../.env',
    '/docs/..%2fsecret.txt',
    '/docs/%2e%2e/secret.txt',
    '/docs/%2e%2e%2fsecret.txt',
    '/docs/..%5csecret.txt',
    '/docs/.%00./secret.txt',
    '/docs/..;/secret.txt',
    '/docs//secret.txt',
    '/docs/sub%2findex.html',
    '/docs/%252e%252e/secret.txt',
    '/docs/app.js/',
    '/docs/%ff',
    '/docs/bare/',
  ])('%s shows nothing', async (target) => {
    const { gateway } = await inLane('fallback: index.html');
    const answer = await gateway.get(target);
    expect([400, 404]).toContain(answer.status);
    expect(answer.text).not.toContain('SECRET');
    expect(answer.text).not.toContain('portway-site-');
  });

  test('a request for what is there already is answered 304, a range with that part of the file', async () => {
    const { gateway } = await inLane();
    const first = await gateway.get('/docs/data.bin');
    const tag = first.head.value('etag')!;
    const date = first.head.value('last-modified')!;
    const same = await gateway.get('/docs/data.bin', `If-None-Match: ${tag}`);
    expect([same.status, same.text, same.head.value('etag')]).toEqual([304, '', tag]);
    expect((await gateway.get('/docs/data.bin', `If-Modified-Since: ${date}`)).status).toBe(304);
    expect((await gateway.get('/docs/data.bin', 'If-None-Match: "other"')).status).toBe(200);
    expect((await gateway.get('/docs/data.bin', 'If-Match: "other"')).status).toBe(412);
    const part = await gateway.get('/docs/data.bin', 'Range: bytes=2-4');
    expect([part.status, part.text, part.head.value('content-range')]).toEqual([206, '234', 'bytes 2-4/10']);
    expect((await gateway.get('/docs/data.bin', 'Range: bytes=-3')).text).toBe('789');
    const beyond = await gateway.get('/docs/data.bin', 'Range: bytes=20-');
    expect([beyond.status, beyond.text, beyond.head.value('content-range')]).toEqual([416, '', 'bytes */10']);
    expect((await gateway.get('/docs/data.bin', 'Range: bytes=2-4', 'If-Range: "other"')).status).toBe(200);
    // A weak tag promises no equal bytes.
    expect((await gateway.get('/docs/data.bin', 'Range: bytes=2-4', `If-Range: ${tag}`)).status).toBe(200);
  });

  test('HEAD has the fields alone; what would change something is 405, and OPTIONS says what is not', async () => {
    const { gateway } = await inLane();
    const client = await gateway.connect();
    const head = await client.exchange(request('HEAD', '/docs/data.bin'));
    expect([head.status, head.text, head.head.value('content-length')]).toEqual([200, '', '10']);
    const post = await client.exchange(request('DELETE', '/docs/data.bin'));
    expect([post.status, post.head.values('allow')]).toEqual([405, ['GET, HEAD, OPTIONS']]);
    const options = await client.exchange(request('OPTIONS', '/docs/data.bin'));
    expect([options.status, options.head.value('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    client.destroy();
  });

  test('a directory without its slash is led there', async () => {
    const { gateway } = await inLane();
    const answer = await gateway.get('/docs/sub?x=1');
    expect([answer.status, answer.head.value('location')]).toEqual([308, '/docs/sub/?x=1']);
  });

  test.each([
    ['br, gzip', 'br', 'app.js.br'],
    ['gzip, br;q=0.5', 'gzip', 'app.js.gz'],
    ['br;q=0, gzip', 'gzip', 'app.js.gz'],
    ['zstd, identity;q=0.5', undefined, null],
    ['*;q=0', undefined, null],
  ])('what was compressed beforehand is sent to who takes it: %s', async (accept, coding, name) => {
    const { gateway } = await inLane();
    const answer = await gateway.get('/docs/app.js', `Accept-Encoding: ${accept}`);
    expect(answer.head.value('content-encoding')).toBe(coding);
    expect(answer.head.value('vary')).toBe('Accept-Encoding');
    expect(answer.head.value('content-type')).toBe('application/javascript; charset=utf-8');
    expect(answer.body).toEqual(name === null ? Buffer.from(SCRIPT) : FILES[`public/${name}`]);
  });

  test('the fallback is for navigations alone', async () => {
    const { gateway } = await inLane('fallback: index.html');
    const opened = await gateway.get('/docs/some/deep/link', 'Sec-Fetch-Mode: navigate', 'Accept: text/html');
    expect([opened.status, opened.text]).toEqual([200, PAGE]);
    expect((await gateway.get('/docs/a/link', 'Accept: text/html,*/*;q=0.8')).text).toBe(PAGE);
    expect((await gateway.get('/docs/some/missing.js', 'Sec-Fetch-Mode: no-cors')).status).toBe(404);
  });

  test('a file that becomes shorter while it is sent breaks the connection off', async () => {
    const { root, gateway } = await inLane();
    const file = join(root, 'public/large.bin');
    await writeFile(file, Buffer.alloc(64 << 20));
    const client = await gateway.connect();
    await client.send(request('GET', '/docs/large.bin'));
    const head = await client.head();
    expect(head.status).toBe(200);
    await truncate(file, 1);
    const { bytes } = await client.rest();
    expect(bytes.length).toBeLessThan(64 << 20);
    expect(await gateway.log.exchange(200)).toMatchObject({ code: 'answer_truncated' });
  });

  test('a WebSocket is refused', async () => {
    const { gateway } = await inLane();
    expect((await gateway.exchange(handshake('/docs/'))).status).toBe(501);
  });
});

test('a listing is there where it is asked for, without what is hidden', async () => {
  const { root, gateway } = await stage('listing: true');
  await writeFile(join(root, 'public/bare/<i>.txt'), '');
  const answer = await gateway.get('/docs/bare/');
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('<a href="./file.txt">file.txt</a>');
  expect(answer.text).toContain('<a href="./%3Ci%3E.txt">&lt;i&gt;.txt</a>');
  await rename(join(root, 'public/index.html'), join(root, 'index.html'));
  const top = await gateway.get('/docs/');
  expect(top.text).toContain('./bare/');
  expect(top.text).not.toMatch(/\.env|\.git|SECRET/);
});

// All of it was read, however large, before the first 10,000 names were taken.
test('a listing reads 10,000 entries of a directory and no more, hidden ones among them', async () => {
  const { root, gateway } = await stage('listing: true');
  for (let i = 0; i < 10_500; i++)
    writeFileSync(join(root, 'public/bare', `${i % 20 === 0 ? '.hidden' : 'shown'}-${i}`), '');
  for (let i = 0; i < 500; i++) writeFileSync(join(root, 'public/bare', `also-${i}`), '');
  const { text } = await gateway.get('/docs/bare/');
  const listed = text.split('<li>').length - 2;
  expect(listed).toBeGreaterThan(9_000);
  expect(listed).toBeLessThan(10_000);
});

test('maxAge is for files, and not for pages', async () => {
  const { gateway } = await stage('maxAge: 1h');
  expect((await gateway.get('/docs/app.js')).head.value('cache-control')).toBe('public, max-age=3600');
  expect((await gateway.get('/docs/')).head.value('cache-control')).toBe('no-cache');
});

test('over HTTP/2, beside one another', async () => {
  const { gateway } = await stage();
  const session = await connectH2(gateway.port, 'http');
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => exchangeH2(session, { ':path': '/docs/app.js' })),
  );
  expect(answers.map(({ status, text }) => [status, text.length])).toEqual(
    answers.map(() => [200, SCRIPT.length]),
  );
  expect((await exchangeH2(session, { ':path': '/docs/.env' })).status).toBe(404);
});

// With both swapped all the time, one answer of three had what the link led to.
test.runIf(process.platform === 'linux')(
  'a link or a pipe that takes the place of a file, or of its directory, after it was found shows nothing',
  async () => {
    const root = await site();
    const folder = new Folder({
      path: join(root, 'public'),
      index: [],
      fallback: null,
      listing: false,
      precompressed: false,
      maxAgeMs: 0,
    });
    const answerOf = async (name: string, swap: () => Promise<unknown>, method = 'GET') => {
      const found = await folder.find(name);
      if (found.kind !== 'file') throw new Error(found.kind);
      await swap();
      const answer = await fileAnswer(found.file, { method, header: () => undefined }, folder.config);
      if (answer?.body instanceof Readable) answer.body.destroy();
      return answer?.status;
    };
    const at = (name: string) => join(root, 'public', name);
    const swapped = (name: string, to: string) => async () => {
      await rm(at(name), { recursive: true });
      await symlink(to, at(name));
    };
    await mkdir(join(root, 'elsewhere'));
    await writeFile(join(root, 'elsewhere/file.txt'), 'SECRET');
    expect(await answerOf('/data.bin', async () => {})).toBe(200);
    expect(await answerOf('/data.bin', swapped('data.bin', '../secret.txt'))).toBeUndefined();
    expect(
      await answerOf('/sub/index.html', swapped('sub/index.html', '../../secret.txt'), 'HEAD'),
    ).toBeUndefined();
    // Each pipe held a thread of the process for ever.
    const pipe = () => rm(at('app.js.gz')).then(() => execFileSync('mkfifo', [at('app.js.gz')]));
    expect(await answerOf('/app.js.gz', pipe)).toBeUndefined();
    expect(await answerOf('/bare/file.txt', swapped('bare', '../elsewhere'))).toBeUndefined();
    expect(await answerOf('/app.js', swapped('app.js', '.env'))).toBeUndefined();
    expect(await answerOf('/empty.txt', swapped('empty.txt', 'with space.txt'))).toBe(200);
  },
);

test('a reload leads to another folder', async () => {
  const { root, gateway } = await stage();
  await mkdir(join(root, 'next'));
  await writeFile(join(root, 'next/index.html'), 'next');
  await gateway.editAndReload(`routes:\n  /docs: { folder: ${JSON.stringify(join(root, 'next'))} }\n`);
  expect((await gateway.get('/docs/')).text).toBe('next');
});

test('an extended route may stand before a folder', async () => {
  const root = await site();
  const gateway = await startTestGateway(
    `routes:\n  /docs: { folder: ${JSON.stringify(join(root, 'public'))}, extend: ./guard.ts }\n`,
    {
      files: {
        'guard.ts':
          'export default { preHandler(request, reply, done) { if (request.headers.key) done(); else reply.code(401).send(); } };\n',
      },
    },
  );
  expect((await gateway.get('/docs/')).status).toBe(401);
  const answer = await gateway.get('/docs/', 'Key: 1');
  expect([answer.status, answer.text]).toEqual([200, PAGE]);
});

test('the example of folder.md', async () => {
  const root = await site();
  const example = pageExample('folder.md').replaceAll('./public', join(root, 'public'));
  const gateway = await startTestGateway(example);
  expect((await gateway.get('/docs/')).text).toBe(PAGE);
  const opened = await gateway.get('/app/orders/7', 'Sec-Fetch-Mode: navigate');
  expect(opened.text).toBe(PAGE);
});
