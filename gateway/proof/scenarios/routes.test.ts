import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { get, request } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

/** Services that answer with their own name, and their ports by that name. */
async function named<Name extends string>(...names: Name[]): Promise<Record<Name, number>> {
  const ports: Partial<Record<Name, number>> = {};
  for (const name of names) ports[name] = (await startService()).answer(ok(name)).port;
  return ports as Record<Name, number>;
}

describe('of several routes', () => {
  test.each([
    ['/', 'any.test', 'root'],
    ['/a', 'any.test', 'a'],
    ['/a/c', 'any.test', 'a'],
    ['/a/b', 'any.test', 'ab'],
    ['/a/b/c', 'any.test', 'ab'],
    ['/a/bc', 'any.test', 'a'],
    ['/a/b', 'shop.test', 'shop'],
    ['/a/b', 'SHOP.test:8080', 'shop'],
    ['/a/b', 'shop.test.', 'shop'],
    ['/x', 'shop.test', 'shop'],
    ['/x', 'other.shop.test', 'root'],
  ])('%s of host %s goes to %s: host before none, longer before shorter', async (target, host, name) => {
    const { root, a, ab, shop } = await named('root', 'a', 'ab', 'shop');
    const yaml = `routes:\n  /: ${root}\n  /a: ${a}\n  /a/b: ${ab}\n  shop.test: ${shop}\n`;
    const gateway = await startTestGateway(yaml);
    expect((await gateway.exchange(get(target, `Host: ${host}`))).text).toBe(name);
  });

  test.each([
    ['/a', 'exact'],
    ['/a?x', 'exact'],
    ['/a/', 'prefix'],
    ['/a/b', 'prefix'],
  ])('%s goes to the %s one', async (target, name) => {
    const { exact, prefix } = await named('exact', 'prefix');
    const yaml = `routes:\n  /a:\n    - { to: ${prefix} }\n    - { to: ${exact}, exact: true }\n`;
    expect((await (await startTestGateway(yaml)).get(target)).text).toBe(name);
  });

  test.each([
    [get('/a/'), 'rest'],
    [request('PUT', '/a/', [], 'x'), 'put'],
    [request('put', '/a/', [], 'x'), 'rest'],
    [get('/a/', 'X-Canary: yes'), 'canary'],
    [get('/a/', 'x-canary: no'), 'rest'],
    [get('/a/?beta=1'), 'beta'],
    [get('/a/?x=1&beta=%31'), 'beta'],
    [get('/a/?beta=2'), 'rest'],
    [get('/a/?beta=1', 'Cookie: a=1; tester=1'), 'tester'],
    [get('/a/', 'Cookie: a=1', 'Cookie: tester=1'), 'tester'],
    [request('POST', '/a/', ['Transfer-Encoding: chunked', 'Cookie: tester=1'], '0\r\n\r\n'), 'tester'],
    [get('/a/', 'Cookie: tester=2; x=tester=1'), 'rest'],
    [get('/a/', 'Cookie: tester=1', 'X-Canary: yes'), 'canary'],
    [request('PUT', '/a/?beta=1', ['X-Canary: yes'], 'x'), 'put'],
    [get('/a/?beta=1', 'X-Canary: yes'), 'canary'],
  ])('%j goes to %s: method before fields before cookies before query before none', async (asked, name) => {
    const { rest, put, canary, tester, beta } = await named('rest', 'put', 'canary', 'tester', 'beta');
    const yaml = `routes:
  /a:
    - { to: ${rest} }
    - { to: ${beta}, when: { query: { beta: "1" } } }
    - { to: ${tester}, when: { cookies: { tester: 1 } } }
    - { to: ${canary}, when: { headers: { X-Canary: "yes" } } }
    - { to: ${put}, when: { methods: PUT } }
`;
    expect((await (await startTestGateway(yaml)).exchange(asked)).text).toBe(name);
  });

  test('over HTTP/2 each cookie may be a field of its own (RFC 9113 §8.2.3)', async () => {
    const { rest, tester } = await named('rest', 'tester');
    const yaml = `routes:\n  /: [{ to: ${rest} }, { to: ${tester}, when: { cookies: { tester: "1" } } }]\n`;
    const session = await connectH2((await startTestGateway(yaml)).port, 'http');
    const asked = { ':path': '/', cookie: ['a=1', 'tester=1', 'b=2'] };
    expect((await exchangeH2(session, asked)).text).toBe('tester');
  });

  test.each([
    ['a.shop.test', 'below'],
    ['a.b.shop.test', 'below'],
    ['shop.test', 'any'],
    ['xshop.test', 'any'],
    ['exact.shop.test', 'exact'],
  ])('host %s goes to %s', async (host, name) => {
    const { below, exact, any } = await named('below', 'exact', 'any');
    const yaml = `routes:\n  /: ${any}\n  "*.shop.test": ${below}\n  exact.shop.test: ${exact}\n`;
    expect((await (await startTestGateway(yaml)).exchange(get('/', `Host: ${host}`))).text).toBe(name);
  });
});
