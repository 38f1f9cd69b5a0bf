import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runHere, runPortway } from '../proof/testing/portway.ts';
import type { Explanation } from '../route/explanation.ts';
import { createAuthority } from '../tls/authority.ts';

const yaml = `
port: 3000
routes:
  /db: 3001
  /db/admin: { to: 3009, allow: [10.0.0.0/8, ::1], deny: 10.9.0.0/16 }
  /kept: { to: 3011, cache: true }
  /small: { to: 3014, bodyMax: 1KiB }
  /named: { to: 3013, escape: name }
  /old: { redirect: /new }
  /docs: { folder: . }
  /app: { folder: ., fallback: gateway.config.yaml }
  /shared: { to: 3012, cors: { origins: ["https://app.example.com"] } }
  shop.localhost/cart: 3010
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portway-'));
  await writeFile(join(folder, 'gateway.config.yaml'), yaml);
  return () => rm(folder, { recursive: true });
});

async function explained(...args: string[]): Promise<{ code: number; explanation: Explanation }> {
  const config = join(folder, 'gateway.config.yaml');
  const { code, stdout } = await runHere(['explain', ...args, '--json', '--config', config]);
  return { code, explanation: JSON.parse(stdout) as Explanation };
}

describe('portway explain', () => {
  it.each([
    ['/old/x', 'a redirect (308) to /new'],
    ['/docs/x', 'the files of '],
  ])('says what answers %s, where no service does', async (path, what) => {
    const { code, explanation } = await explained('GET', path);
    expect(code).toBe(0);
    expect(JSON.stringify(explanation)).toContain(what);
  });

  it.each([
    [['/kept/a'], 'answers from what is kept; else the answer is kept, if it says for how long'],
    [['PUT', '/kept/a'], 'PUT passes it by; where it succeeds, the URL is forgotten'],
    [
      ['/kept/a', '--header', 'If-Match: "1"'],
      'passes it by, because of a field that is for the service alone',
    ],
    [['/kept/a', '--header', 'Cookie: a=b'], 'not kept (cookie), unless it says public or s-maxage'],
    [['/kept/a', '--header', 'Authorization: x'], 'not kept (authorization), unless it says public'],
    [['/kept/a', '--header', 'Cache-Control: no-store'], 'not kept (request-no-store)'],
  ])('says what the cache does with %j', async (args, says) => {
    const { explanation } = await explained(...args);
    expect(JSON.stringify(explanation)).toContain(says);
  });

  it.each([
    [['OPTIONS', '/db/x', '--header', 'Max-Forwards: 0'], 'max-forwards', 204],
    [['OPTIONS', '/db/x', '--header', 'Max-Forwards: 7'], 'forwarded', 'counts down to 6'],
    [['GET', '/db/x', '--header', 'Max-Forwards: 0'], 'forwarded', null],
    [['POST', '/small', '--header', 'Content-Length: 1025'], 'body-limit', 413],
    [['POST', '/small', '--header', 'content-length: 1024'], 'forwarded', 'within the 1024'],
    [['POST', '/db', '--header', 'Content-Length: 1025'], 'forwarded', null],
  ])('foresees from the fields what becomes of %j: %s %s', async (args, by, what) => {
    const { explanation, code } = await explained(...args);
    const { verdict, policies } = explanation;
    if (typeof what !== 'number') {
      expect([code, verdict.kind]).toEqual([0, by]);
      expect(policies.map(({ says }) => says).join()).toContain(what ?? '');
    } else expect([code, verdict]).toMatchObject([what < 400 ? 0 : 1, { policy: by, status: what }]);
  });

  it('names the route, its line, the address, and what the service will see', async () => {
    const { code, stdout } = await runPortway(['explain', 'GET', 'http://localhost:3000/db/users?x=1'], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(stdout).toContain('/db takes it  gateway.config.yaml:4:3');
    expect(stdout).toContain('127.0.0.1:3001');
    expect(stdout).toContain('GET /users?x=1');
    expect(stdout).toContain('/db/admin');
  });

  it.each([
    [['http://localhost:3000/db/x'], '/db', 'GET'],
    [['/db/x'], '/db', 'GET'],
    [['post', '/db/admin/x', '--from', '::1'], '/db/admin', 'POST'],
    [['PROPFIND', '/db'], '/db', 'PROPFIND'],
    [['http://shop.localhost:3000/cart/1#top'], 'shop.localhost/cart', 'GET'],
    [['/cart/1', '--header', 'Host: shop.localhost'], 'shop.localhost/cart', 'GET'],
  ])('%j goes to %s', async (args, id, method) => {
    const { code, explanation } = await explained(...args);
    expect(code).toBe(0);
    expect(explanation.chosen?.id).toBe(id);
    expect(explanation.request.method).toBe(method);
  });

  it.each([
    ['10.0.0.7', 0, 'forwarded', ['10.0.0.7 is in none of deny: 10.9.0.0/16', '10.0.0.7 is in 10.0.0.0/8']],
    ['10.9.0.7', 1, 'policy', ['10.9.0.7 is in 10.9.0.0/16']],
    [
      '127.0.0.1',
      1,
      'policy',
      ['127.0.0.1 is in none of deny: 10.9.0.0/16', '127.0.0.1 is in none of allow: 10.0.0.0/8, ::1'],
    ],
  ])('says what policies make of a request from %s', async (from, exit, kind, says) => {
    const { code, explanation } = await explained('/db/admin', '--from', from);
    expect([code, explanation.verdict.kind]).toEqual([exit, kind]);
    expect(explanation.policies.map((verdict) => verdict.says)).toEqual(says);
    const { stdout } = await runPortway(['explain', '/db/admin', '--from', from], { cwd: folder });
    expect(stdout).toContain(says.at(-1));
  });

  it.each([
    [['/docs/.env'], 404],
    [['/docs/a/%2Egit/config?x'], 404],
    [['/docs/a%2Fb'], 404],
    [['POST', '/docs/x'], 405],
    [['OPTIONS', '/docs/.env'], null],
    [['/docs/.well-known/x'], null],
    [['/app/.env'], 404],
    [['/app/.env', '-H', 'Accept: text/html'], null],
  ])('says what a folder refuses whatever is in it: %j', async (args, status) => {
    const { code, explanation } = await explained(...args);
    const verdict = status === null ? { kind: 'forwarded' } : { kind: 'policy', policy: 'folder', status };
    expect([code, explanation.verdict]).toMatchObject([status === null ? 0 : 1, verdict]);
  });

  it.each([
    [
      'redirect: true',
      'http://a.localhost:3000/db/x?y',
      0,
      '308',
      'plain HTTP is sent to https://a.localhost:3000/db/x?y',
    ],
    ['redirect: true, port: 443', 'http://a.localhost:80/db', 0, '308', 'https://a.localhost/db'],
    ['clientCertificates: { ca: ca.crt }', 'http://localhost:3000/db', 1, '400', 'ask by https://'],
    [
      'clientCertificates: { ca: ca.crt }',
      'https://localhost:3000/db',
      0,
      '/db takes it',
      'X-Forwarded-Proto: https',
    ],
    ['redirect: true', '/db', 0, '/db takes it', 'X-Forwarded-Proto: https'],
    ['hsts: true', 'http://localhost:3000/db', 0, '/db takes it', 'X-Forwarded-Proto: http\n'],
  ])('with `tls: { %s }` says what becomes of %s', async (key, url, exit, ...says) => {
    await writeFile(join(folder, 'ca.crt'), createAuthority('Test CA', 1).cert);
    const tls = `certificates: dev, ${key.replace('ca.crt', join(folder, 'ca.crt'))}`;
    const yaml = `tls: { ${tls} }\nroutes: { /db: 3001 }\n`;
    const { code, stdout } = await runHere(['explain', '-c', '-', url], {}, yaml);
    for (const text of says) expect(stdout).toContain(text);
    expect(code).toBe(exit);
  });

  it('says that a handshake from a page of another origin is refused', async () => {
    const page = ['-H', 'Origin: https://evil.test'];
    const asked = await explained('/shared', ...page);
    expect([asked.code, asked.explanation.verdict.kind]).toEqual([0, 'forwarded']);
    const { code, explanation } = await explained('/shared', ...page, '-H', 'Sec-WebSocket-Key: x');
    expect([code, explanation.verdict]).toMatchObject([1, { kind: 'policy', policy: 'cors', status: 403 }]);
  });

  it('says where a request is led back to, of the page that sent it', async () => {
    const args = ['/assets/x.js', '--referer', 'http://localhost:3000/db/'];
    const { code, explanation } = await explained(...args);
    expect([code, explanation.chosen?.id]).toEqual([0, '/db']);
    expect(explanation.verdict).toEqual({
      kind: 'led-back',
      status: 307,
      location: '/db/assets/x.js',
      by: 'referer',
    });
    expect((await explained(...args, '--production')).explanation.verdict.kind).toBe('not-found');
    const { stdout } = await runPortway(['explain', ...args], { cwd: folder });
    expect(stdout).toContain('led back to /db/assets/x.js');
  });

  it('says that a browser is led to the name of a route with `escape: name`', async () => {
    const { code, explanation } = await explained('/named/a?x', '-H', 'Sec-Fetch-Dest: document');
    expect([code, explanation.chosen?.id]).toEqual([0, '/named']);
    const { location } = explanation.verdict as { location?: string };
    expect(location).toMatch(/^http:\/\/named\.localhost(?::\d+)?\/a\?x$/);
    expect((await explained('/named/a')).explanation.verdict.kind).toBe('forwarded');
  });

  it('says that a host is not served in development, and that it is in production', async () => {
    const development = await explained('http://shop.test/db/x');
    expect([development.code, development.explanation.verdict.kind]).toEqual([1, 'host-refused']);
    const production = await explained('http://shop.test/db/x', '--production');
    expect([production.code, production.explanation.verdict.kind]).toEqual([0, 'forwarded']);
  });

  it('carries the target byte for byte', async () => {
    const { explanation } = await explained('/db//a%2Fb;c?q=%252e&&+');
    expect(explanation.chosen?.forwarded).toBe('//a%2Fb;c?q=%252e&&+');
  });

  it('says that a browser is sent to the slash first', async () => {
    const { code, explanation } = await explained('/db', '-H', 'Sec-Fetch-Mode: navigate');
    expect(code).toBe(0);
    expect(explanation.verdict).toEqual({ kind: 'redirected', status: 308, location: '/db/' });
  });

  it.each([
    ['no route', ['/dc/x'], 'not-found'],
    ['a target that is refused', ['/db/../x'], 'refused'],
    ['a method that is refused', ['TRACE', '/db'], 'method-refused'],
    ['a host that has no such route', ['/cart'], 'not-found'],
  ])('ends with 1 for %s', async (_what, args, kind) => {
    const { code, explanation } = await explained(...args);
    expect(code).toBe(1);
    expect(explanation.verdict.kind).toBe(kind);
  });

  it('ends with 1 for a configuration that can not be used', async () => {
    const { code, stderr } = await runHere(['explain', '/db', '-c', 'nope.yaml']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^nope\.yaml /);
  });
});
