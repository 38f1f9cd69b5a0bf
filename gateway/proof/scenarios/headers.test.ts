import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadContent } from '../../config/load.ts';
import { contentOf } from '../../files/content.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const RULES =
  'headers: { request: { set: { X-Team: db }, add: { X-Tag: [a, 2] }, remove: [Cookie, x-odd] }, answer: { set: { X-Frame-Options: DENY }, add: { Vary: Accept }, remove: [Server] } }';

describe.each(laneKinds)('header rules on $kind', ({ routes, files }) => {
  async function stage(answer: string | Uint8Array = ok('x'), top = '', ...keys: string[]) {
    const service = (await startService()).answer(answer);
    const gateway = await startTestGateway(`${top}${routes('/db', service.port, ...keys)}`, { files });
    return { service, gateway };
  }

  test('change what the service gets', async () => {
    const { service, gateway } = await stage(ok('x'), '', RULES);
    await gateway.get('/db/x', 'Cookie: a=1', 'x-team: forged', 'X-Tag: own', 'X-ODD: 1', 'X-Kept: 1');
    const { head } = service.request;
    expect(head.values('x-team')).toEqual(['db']);
    expect(head.values('x-tag').join()).toBe('own,a,2');
    expect([head.value('cookie'), head.value('x-odd')]).toEqual([undefined, undefined]);
    expect(head.value('x-kept')).toBe('1');
    expect(head.value('x-forwarded-for')).toBe('127.0.0.1');
  });

  test('change what the client gets, whatever the status', async () => {
    const fields = [
      'Server: x',
      'X-Frame-Options: ALLOWALL',
      'Vary: Origin',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
    ];
    const { gateway } = await stage(reply(404, fields, 'none'), '', RULES);
    const { status, head } = await gateway.get('/db/x');
    expect(status).toBe(404);
    expect(head.values('x-frame-options')).toEqual(['DENY']);
    expect(head.values('vary').join()).toBe('Origin,Accept');
    expect(head.value('server')).toBe(undefined);
    expect(head.values('set-cookie')).toEqual(['a=1', 'b=2']);
  });

  test('of the top level come first, those of the route after them', async () => {
    const top =
      'headers: { request: { set: { X-A: top, X-B: top }, remove: X-C }, answer: { set: { X-D: top } } }\n';
    const { service, gateway } = await stage(
      ok('x'),
      top,
      'headers: { request: { set: { x-b: own }, add: { X-C: own } } }',
    );
    const { head } = await gateway.get('/db/x', 'X-C: client');
    const sent = service.request.head;
    expect(['x-a', 'x-b', 'x-c'].map((name) => sent.values(name))).toEqual([['top'], ['own'], ['own']]);
    expect(head.value('x-d')).toBe('top');
  });

  test('are switched off by a route', async () => {
    const { service, gateway } = await stage(ok('x'), `${RULES}\n`, 'headers: off');
    const { head } = await gateway.get('/db/x', 'Cookie: a=1');
    expect(service.request.head.value('cookie')).toBe('a=1');
    expect(head.value('x-frame-options')).toBe(undefined);
  });

  test('reach the error answers of the route, and leave alone what describes them', async () => {
    const rules =
      'headers: { answer: { set: { X-Frame-Options: DENY, Content-Type: text/x, Cache-Control: public }, remove: Proxy-Status } }';
    const { gateway } = await stage(ok('x'), '', 'bodyMax: 1B', rules);
    const { status, head } = await gateway.exchange(
      'POST /db/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx',
    );
    expect(status).toBe(413);
    expect(head.values('x-frame-options')).toEqual(['DENY']);
    expect(head.values('content-type').join()).toContain('problem+json');
    expect(head.values('cache-control').join()).toBe('no-store');
    expect(head.value('proxy-status')).toBeDefined();
  });

  test('change handshakes of WebSockets, and their answers', async () => {
    const { service, gateway } = await stage(ok('x'), '', RULES);
    service.answer(() => Buffer.from(agreement('Server: x'), 'latin1'));
    const client = await gateway.connect();
    await client.send(handshake('/db/x', 'Cookie: a=1'));
    const answer = await client.head();
    expect(answer.startLine).toContain(' 101 ');
    expect(answer.value('x-frame-options')).toBe('DENY');
    expect(answer.value('server')).toBe(undefined);
    const { head } = service.requests[0]!;
    expect([head.value('x-team'), head.value('cookie')]).toEqual(['db', undefined]);
    client.destroy();
  });
});

describe('header rules on a cached route', () => {
  test('are applied before the key, and on the way out', async () => {
    const service = (await startService()).answer(
      ok('x', 'Cache-Control: max-age=60', 'Vary: X-Lang', 'Server: x'),
    );
    const rules =
      'headers: { request: { set: { X-Lang: en } }, answer: { remove: Server, set: { X-Out: 1 } } }';
    const gateway = await startTestGateway(`routes:\n  /db: { to: ${service.port}, cache: on, ${rules} }`);
    const first = await gateway.get('/db/x', 'X-Lang: de');
    const second = await gateway.get('/db/x', 'X-Lang: fr');
    expect(service.requests).toHaveLength(1);
    for (const { head } of [first, second]) {
      expect([head.values('x-out'), head.value('server')]).toEqual([['1'], undefined]);
    }
  });
});

describe('the configuration of header rules', () => {
  const problems = async (rules: string, env = {}) => {
    const text = `routes:\n  /db: { to: 3001, headers: { request: ${rules} } }\n`;
    const loaded = await loadContent(contentOf(Buffer.from(text)), 'gateway.config.yaml', env);
    return loaded.ok ? [] : loaded.problems.map(({ column, hint }) => ({ column, hint }));
  };

  test.each([
    ['{ set: { Host: x } }', 'hostHeader'],
    ['{ remove: [Content-Length] }', 'how long a message is'],
    ['{ add: { Transfer_Encoding: x } }', 'how long a message is'],
    ['{ set: { X-Forwarded-For: x } }', 'trustProxy'],
    ['{ set: { Forwarded: x } }', 'trustProxy'],
    ['{ set: { X-Request-Id: x } }', 'trustProxy'],
    ['{ remove: Connection }', 'one connection'],
    ['{ remove: [X-A, upgrade] }', 'one connection'],
    ['{ set: { Sec-WebSocket-Key: x } }', 'WebSocket'],
    ['{ set: { X-A: 1, x-a: 2 } }', 'the same header'],
    ['{ set: { "X A": 1 } }', 'without spaces'],
    ['{ set: { X-A: "a\\nb" } }', 'line breaks'],
    ['{ set: { X-A: "€" } }', 'U+00FF'],
    ['{ set: { X-A: " a" } }', 'white space'],
  ])('%s is refused where it stands', async (rules, hint) => {
    const [problem, ...more] = await problems(rules);
    expect(more).toEqual([]);
    expect(problem?.hint).toContain(hint);
    expect(problem?.column).toBeGreaterThan('  /db: { to: 3001, headers: { request: '.length);
  });

  test('the examples of docs/headers.md are good ones, and do what they say', async () => {
    const page = readFileSync(new URL('../../../docs/headers.md', import.meta.url), 'utf8');
    const service = (await startService()).answer(ok('x', 'Server: x'));
    const yaml = /```yaml\n(.*?)```/s.exec(page)![1]!.replace('3001', String(service.port));
    const gateway = await startTestGateway(yaml, { env: { DB_TOKEN: 'secret' } });
    const { head } = await gateway.get('/db/x', 'Cookie: a=1');
    const sent = service.request.head;
    expect(sent.value('authorization')).toBe('Bearer secret');
    expect([sent.value('x-team'), sent.value('cookie')]).toEqual(['db', undefined]);
    const seen = [head.value('x-frame-options'), head.value('x-content-type-options')];
    expect(seen).toEqual(['DENY', 'nosniff']);
    expect(head.value('server')).toBe(undefined);
  });
});
