import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { answerOf, connectSettledH2, WEBSOCKET } from '../testing/h2-client.ts';
import { until } from '../testing/poll.ts';
import { ok, reply, type Script, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

/** What the hooks of a test leave behind, and wait for: they run in this process. */
interface Seen {
  hooks: string[];
  answers: number[];
  pass: () => void;
}
const seen = globalThis as unknown as { handshakes: Seen };

const agrees: Script = async ({ head }, connection) => {
  if (!head.value('upgrade')) return ok('x');
  await connection.send(agreement('X-Seen: 1'));
  return undefined;
};

const plugin = (body: string) => `export default async (fastify) => {
  const { handshakes: seen } = globalThis;
  const waits = () => new Promise((pass) => { seen.pass = pass; });
  ${body}
};`;

/** A route whose plugin has these hooks. */
async function stage(hooks: string, more: { extend?: string; script?: Script; keys?: string[] } = {}) {
  seen.handshakes = { hooks: [], answers: [], pass: () => {} };
  const service = (await startService()).answer(more.script ?? agrees);
  const keys = [
    'use: [./hooks.mjs]',
    ...(more.extend === undefined ? [] : ['extend: ./route.mjs']),
    ...(more.keys ?? []),
  ];
  const yaml = `routes:\n  /chat: { to: ${service.port}, ${keys.join(', ')} }\n`;
  const files = { 'hooks.mjs': plugin(hooks), 'route.mjs': more.extend ?? '' };
  const gateway = await startTestGateway(yaml, { files });
  const client = await gateway.connect({ halfOpen: true });
  /** Asks for `/chat/`. @returns the head that comes back */
  const opened = async (...fields: string[]) => {
    await client.send(handshake('/chat/', ...fields));
    return client.head();
  };
  return { service, gateway, client, opened };
}

const NOTES = ['onRequest', 'preParsing', 'preValidation', 'preHandler']
  .map((hook) =>
    hook === 'preParsing'
      ? `fastify.addHook('${hook}', async (_request, _reply, payload) => { seen.hooks.push('${hook}'); return payload; });`
      : `fastify.addHook('${hook}', async (request) => { seen.hooks.push('${hook} ' + request.headers.upgrade); });`,
  )
  .join('\n');

describe('a WebSocket on a route with hooks', () => {
  test('passes them all, in their order, and is a tunnel then, with what came behind its handshake', async () => {
    const extend =
      "export default { preHandler(_request, _reply, done) { globalThis.handshakes.hooks.push('extend'); done(); } };";
    const { service, gateway, client } = await stage(NOTES, { extend });
    await client.send(`${handshake('/chat/a?b')}early`);
    expect((await client.head()).startLine).toBe('HTTP/1.1 101 Switching Protocols');
    const connection = await service.connection();
    expect((await connection.bytes(5)).toString()).toBe('early');
    await connection.send('from the service');
    await client.until('from the service');
    expect(seen.handshakes.hooks).toEqual([
      'onRequest websocket',
      'preParsing',
      'preValidation websocket',
      'preHandler websocket',
      'extend',
    ]);
    expect(service.request.target).toBe('/a?b');
    client.fin();
    connection.fin();
    expect(await gateway.log.exchange(101)).toMatchObject({ route: '/chat', bytesIn: 5, bytesOut: 16 });
  });

  test('is a tunnel to its end, and counts as one, where a hook destroys its response', async () => {
    const { service, gateway, client, opened } = await stage(
      `fastify.addHook('preHandler', (_request, reply, done) => { done(); reply.raw.destroy(); });`,
      { keys: ['concurrent: 1'] },
    );
    expect((await opened()).status).toBe(101);
    const connection = await service.connection();
    await connection.send('open');
    await client.until('open');
    expect((await gateway.exchange(handshake('/chat/'))).status).toBe(429);
    client.fin();
    connection.fin();
    expect(await gateway.log.exchange(101)).toMatchObject({ route: '/chat', bytesOut: 4 });
  });

  test.each(['onRequest', 'preParsing', 'preValidation', 'preHandler'])(
    'is answered by %s that refuses it, with its status, fields and body',
    async (hook) => {
      const { service, gateway, client } = await stage(
        `fastify.addHook('${hook}', async (_request, reply) =>
           reply.code(403).header('X-Why', 'not you').header('Set-Cookie', ['a=1', 'b=2']).send({ no: 'entry' }));`,
      );
      await client.send(`${handshake('/chat/')}early`);
      const { status, head, text } = await client.answer();
      expect([status, JSON.parse(text), head.value('connection')]).toEqual([403, { no: 'entry' }, 'close']);
      expect([head.values('x-why'), head.values('set-cookie')]).toEqual([['not you'], ['a=1', 'b=2']]);
      await client.ending();
      const line = await gateway.log.exchange(403);
      expect(line).toMatchObject({ route: '/chat', bytesOut: text.length, target: '/chat/' });
      expect(service.connections).toEqual([]);
    },
  );

  test.each([
    ['a refusal', "Object.assign(new Error('who are you?'), { statusCode: 401 })", 401, undefined],
    ['a fault', "new Error('secret of the house')", 500, 'extension_failed'],
  ])('is answered for a hook that throws %s', async (_what, thrown, status, code) => {
    const { service, gateway } = await stage(
      `fastify.addHook('preHandler', async (_request, reply) => { reply.header('WWW-Authenticate', 'Basic'); throw ${thrown}; });`,
    );
    const answer = await gateway.exchange(handshake('/chat/'));
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([status, code]);
    expect(answer.head.has('www-authenticate')).toBe(status === 401);
    expect(answer.text).not.toContain('secret');
    expect(service.connections).toEqual([]);
  });

  test('may wait for them: what it sends meanwhile is held, bounded, and comes in order', async () => {
    const { service, client } = await stage(`fastify.addHook('onRequest', waits);`);
    const early = Buffer.alloc(2 * 1024 * 1024, 'abcdefg');
    await client.send(handshake('/chat/'));
    const sent = client.send(early);
    await until('the hook waits', () => seen.handshakes.pass.length === 1);
    seen.handshakes.pass();
    expect((await client.head()).status).toBe(101);
    const connection = await service.connection();
    expect((await connection.bytes(early.length)).equals(early)).toBe(true);
    await sent;
  });

  test.each(['destroy', 'fin'] as const)(
    'whose client leaves (%s) while a hook waits is over',
    async (how) => {
      const { service, gateway, client } = await stage(`fastify.addHook('onRequest', waits);`);
      await client.send(handshake('/chat/'));
      await until('the hook waits', () => seen.handshakes.pass.length === 1);
      client[how]();
      expect(await gateway.log.exchange(499)).toMatchObject({ code: 'client_left', bytesOut: 0 });
      seen.handshakes.pass();
      expect((await gateway.get('/')).status).toBe(404);
      expect(service.connections).toEqual([]);
    },
  );

  test('has timeouts.response for them, and nothing follows later', async () => {
    const { service, gateway, client } = await stage(
      `fastify.addHook('onRequest', async (_request, reply) => {
         await waits();
         reply.raw.write('late');
         seen.hooks.push('late');
       });`,
      { keys: ['timeouts: { response: 100ms }'] },
    );
    await client.send(handshake('/chat/'));
    const { status, text } = await client.answer();
    expect([status, JSON.parse(text).code]).toEqual([504, 'extension_timeout']);
    seen.handshakes.pass();
    await until('the hook is over', () => seen.handshakes.hooks.length === 1);
    await client.quietEnding();
    expect(service.connections).toEqual([]);
    expect(await gateway.log.exchange(504)).toMatchObject({ code: 'extension_timeout' });
  });

  test.each([
    ['answers by reply.raw', "reply.raw.writeHead(402, { 'X-Own': '1' }); reply.raw.end('pay');"],
    [
      'hijacks and answers',
      "reply.hijack(); reply.raw.statusCode = 402; reply.raw.setHeader('X-Own', 1); reply.raw.end('pay');",
    ],
    [
      'hijacks and answers later',
      "reply.hijack(); setImmediate(() => { reply.raw.writeHead(402, { 'X-Own': '1' }); reply.raw.end('pay'); });",
    ],
  ])('is answered by a hook that %s', async (_how, code) => {
    const { service, gateway, client } = await stage(
      `fastify.addHook('preHandler', async (_request, reply) => { ${code} });`,
    );
    await client.send(handshake('/chat/'));
    const { status, head, text } = await client.answer();
    expect([status, head.value('x-own'), text]).toEqual([402, '1', 'pay']);
    await client.ending();
    expect(await gateway.log.exchange(402)).toMatchObject({ bytesOut: 3 });
    expect(service.connections).toEqual([]);
  });

  test.each([
    ['hijacks and says nothing', 'reply.hijack();', 504],
    ['begins an answer and lets it pass', "reply.raw.writeHead(402); reply.raw.write('pay');", 402],
  ])('does not hang where a hook %s', async (_how, code, status) => {
    const { service, gateway, client, opened } = await stage(
      `fastify.addHook('preHandler', async (_request, reply) => { ${code} });`,
      { keys: ['timeouts: { response: 100ms }'] },
    );
    expect((await opened()).status).toBe(status);
    await client.ending();
    expect((await gateway.log.exchange(status)).route).toBe('/chat');
    expect(service.connections).toEqual([]);
  });

  test('may be refused with a long body, which waits for a slow reader', async () => {
    const { client } = await stage(
      `const { Readable } = await import('node:stream');
       fastify.addHook('preHandler', async (_request, reply) =>
         reply.code(403).send(Readable.from(Array.from({ length: 256 }, () => Buffer.alloc(65536, 'x')))));`,
    );
    await client.send(handshake('/chat/'));
    const { status, body } = await client.answer();
    expect([status, body.length]).toEqual([403, 16 * 1024 * 1024]);
  });

  test('whose refusal nobody reads is broken off after timeouts.idle', async () => {
    const { gateway, client } = await stage(
      `const { Readable } = await import('node:stream');
       fastify.addHook('preHandler', async (_request, reply) =>
         reply.code(403).send(Readable.from(Array.from({ length: 512 }, () => Buffer.alloc(65536, 'x')))));`,
      { keys: ['timeouts: { idle: 200ms }'] },
    );
    await client.send(handshake('/chat/'));
    expect(await gateway.log.exchange(403)).toMatchObject({ code: 'reader_timeout' });
  });

  const FIELDS = `fastify.addHook('onRequest', async (_request, reply) => {
    reply.header('X-Frame-Options', 'DENY').header('Set-Cookie', ['a=1', 'b=2']).header('X-Seen', 'not the service');
    reply.header('Connection', 'close').header('Content-Length', 7).header('Transfer-Encoding', 'chunked');
    reply.header('Sec-WebSocket-Accept', 'mine').header('Sec-WebSocket-Protocol', 'mine').header('Upgrade', 'h2c');
    reply.header('X-Bad', 'a\\r\\nX-Smuggled: 1').header('X Bad', '1').header('Content-Encoding', 'br');
  });`;

  test('has on its 101 the fields that hooks set, and what the service says stands first', async () => {
    const { opened } = await stage(FIELDS);
    const head = await opened();
    expect(head.values('x-frame-options')).toEqual(['DENY']);
    expect(head.values('set-cookie')).toEqual(['a=1', 'b=2']);
    expect(head.values('x-seen')).toEqual(['1']);
    expect(head.values('connection')).toEqual(['Upgrade']);
    expect(head.values('upgrade')).toEqual(['websocket']);
    expect(head.values('sec-websocket-accept')).toEqual(['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=']);
    expect(head.values('x-request-id')).toHaveLength(1);
    const dropped = ['sec-websocket-protocol', 'content-length', 'transfer-encoding', 'x-bad', 'x-smuggled'];
    for (const name of dropped) expect([name, head.has(name)]).toEqual([name, false]);
    expect(head.raw).not.toContain('X Bad');
  });

  test('that the service refuses has them, too, and its body', async () => {
    const { client } = await stage(FIELDS, { script: () => reply(403, ['X-Seen: 1'], 'no') });
    await client.send(handshake('/chat/'));
    const { status, head, text } = await client.answer();
    const told = [status, text, head.values('x-frame-options'), head.values('x-seen')];
    expect(told).toEqual([403, 'no', ['DENY'], ['1']]);
  });

  test('goes to the service with the fields that hooks changed', async () => {
    const extend = `export default { replyOptions: {
      rewriteRequestHeaders: (request, { cookie, ...headers }) => ({ ...headers, 'x-team': 'blue ' + request.headers.upgrade, upgrade: 'h2c' }),
      rewriteHeaders: ({ 'x-seen': _seen, ...headers }) => ({ ...headers, 'x-added': 'yes', 'sec-websocket-accept': 'mine' }),
    } };`;
    const edit = `fastify.addHook('onRequest', async (request) => {
      request.headers['x-forwarded-user'] = 'found, not ' + (request.headers['x-forwarded-user'] ?? 'nobody');
    });`;
    const { service, opened } = await stage(edit, { extend });
    const answer = await opened('Cookie: a=1', 'X-Forwarded-User: admin');
    const told = [answer.value('x-added'), answer.has('x-seen'), answer.values('sec-websocket-accept')];
    expect(told).toEqual(['yes', false, ['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=']]);
    const { head } = service.request;
    const got = [head.value('x-team'), head.has('cookie'), head.values('upgrade')];
    expect(got).toEqual(['blue websocket', false, ['websocket']]);
    expect(head.values('x-forwarded-user')).toEqual(['found, not nobody']);
  });

  test.each([
    ['rewriteHeaders', "() => { throw new Error('secret'); }"],
    ['rewriteRequestHeaders', "() => { throw new Error('secret'); }"],
    ['rewriteRequestHeaders', "() => ({ 'x-added': 'a\\r\\nX-Smuggled: 1' })"],
  ])('is answered 500 where %s is %s', async (name, hook) => {
    const { service, gateway } = await stage('', {
      extend: `export default { replyOptions: { ${name}: ${hook} } };`,
    });
    const { status, text } = await gateway.exchange(handshake('/chat/'));
    const told = [status, JSON.parse(text).code, text.includes('secret')];
    expect(told).toEqual([500, 'extension_failed', false]);
    await until('no connection is left', () => service.connections.every(({ ended }) => ended));
  });

  test('is forwarded once by a hook that says twice that it may pass', async () => {
    const { service, gateway, opened } = await stage(
      "fastify.addHook('preHandler', (_request, _reply, done) => { done(); done(); });",
    );
    expect((await opened()).status).toBe(101);
    expect((await gateway.get('/chat/')).status).toBe(200);
    expect(service.requests).toHaveLength(2);
  });

  test('runs onResponse once, when its answer is out', async () => {
    const hooks = `fastify.addHook('onResponse', async (_request, reply) => { seen.answers.push(reply.statusCode); });
      fastify.addHook('preHandler', async (request, reply) => request.headers['x-refuse'] && reply.code(402).send('no'));`;
    const script: Script = (request, connection) =>
      request.head.value('x-no') ? reply(403) : agrees(request, connection);
    const { gateway, client, opened } = await stage(hooks, { script });
    await opened();
    await gateway.exchange(handshake('/chat/', 'X-Refuse: 1'));
    await gateway.exchange(handshake('/chat/', 'X-No: 1'));
    await until('all are told', () => seen.handshakes.answers.length === 3);
    client.destroy();
    await gateway.log.exchange(101);
    expect(seen.handshakes.answers).toEqual([101, 402, 403]);
    const policies = await Promise.all(
      [402, 403].map(async (status) => (await gateway.log.exchange(status)).policy),
    );
    expect(policies).toEqual(['hooks', undefined]);
  });

  test('is broken off where a listener of a hook throws when its answer is out', async () => {
    const { gateway, client } = await stage(
      `fastify.addHook('onRequest', async (_request, reply) => {
         reply.raw.on('finish', () => { throw new Error('a fault of the house'); });
       });`,
    );
    await client.send(handshake('/chat/'));
    await client.ending();
    const line = await gateway.log.exchange(101);
    expect(line).toMatchObject({ route: '/chat', code: 'extension_failed' });
    expect(line.cause).toMatch(/a fault of the house[\s\S]*hooks\.mjs/);
    expect((await gateway.get('/chat/')).status).toBe(200);
  });

  test.each([
    ['throws', "reply.raw.on('finish', () => { throw new Error('a fault of the house'); });"],
    ['rejects', "reply.raw.on('finish', async () => { throw new Error('a fault of the house'); });"],
  ])('that its hook refuses has the whole refusal where its listener %s', async (_how, code) => {
    const { gateway, client } = await stage(
      `fastify.addHook('onRequest', async (_request, reply) => { ${code} return reply.code(403).send('no'); });`,
    );
    await client.send(handshake('/chat/'));
    expect((await client.answer()).text).toBe('no');
    await client.ending();
    await until('it is told', () => /a fault of the house[\s\S]*hooks\.mjs/.test(gateway.log.text()));
  });

  test('is judged by the policies of its route before', async () => {
    const { gateway } = await stage(NOTES, { keys: ['deny: loopback'] });
    expect((await gateway.exchange(handshake('/chat/'))).status).toBe(403);
    expect(seen.handshakes.hooks).toEqual([]);
  });

  test('over HTTP/2 passes them, and is answered by them', async () => {
    const { service, gateway } = await stage(
      `fastify.addHook('onRequest', async (request, reply) => {
         reply.header('X-Frame-Options', 'DENY');
         if (request.headers['x-refuse']) return reply.code(403).header('X-Why', 'so').send('no entry');
       });`,
    );
    const session = await connectSettledH2(gateway.port, 'http');
    const connect = (more: object) => session.request({ ...WEBSOCKET, ':path': '/chat/', ...more });
    const refused = await answerOf(connect({ 'x-refuse': '1' }));
    expect([refused.status, refused.headers['x-why'], refused.text]).toEqual([403, 'so', 'no entry']);
    const stream = connect({});
    const [fields] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect([fields[':status'], fields['x-frame-options']]).toEqual([200, 'DENY']);
    stream.write('early');
    expect((await (await service.connection()).bytes(5)).toString()).toBe('early');
    session.destroy();
  });

  test('lives on over a reload that leaves its route alone, and ends in order with the gateway', async () => {
    const { service, gateway, client, opened } = await stage(NOTES);
    await opened();
    await gateway.editAndReload(
      `routes:\n  /chat: { to: ${service.port}, use: [./hooks.mjs] }\n  /more: ${service.port}\n`,
    );
    const connection = await service.connection();
    await connection.send('still here');
    await client.until('still here');
    const stopped = gateway.close(5_000);
    await client.ending();
    client.fin();
    connection.fin();
    await stopped;
  });
});

const LOGIN = `
  import basicAuth from '@fastify/basic-auth';
  export default async function login(fastify, { password }) {
    await fastify.register(basicAuth, {
      authenticate: { realm: 'house' },
      validate: async (user, given) => { if (given !== password) throw new Error('not you'); },
    });
    fastify.addHook('onRequest', fastify.basicAuth);
  }`.replace("'@fastify/basic-auth'", JSON.stringify(import.meta.resolve('@fastify/basic-auth')));

describe('a WebSocket on a route with Fastify plugins by name', () => {
  async function used(use: string) {
    const service = (await startService()).answer(agrees);
    const gateway = await startTestGateway(`routes:\n  /chat: { to: ${service.port}, use: ${use} }\n`, {
      files: { 'login.mjs': LOGIN },
    });
    return { service, gateway };
  }

  async function opened(gateway: TestGateway, ...fields: string[]) {
    const client = await gateway.connect();
    await client.send(handshake('/chat/', ...fields));
    return client.head();
  }

  test('@fastify/helmet has its fields on the 101', async () => {
    // In a process of its own: under vitest's conditions, `require('helmet')` finds its other kind of module.
    const service = (await startService()).answer(agrees);
    const yaml = `routes:\n  /chat: { to: ${service.port}, use: ["@fastify/helmet"] }\n`;
    const gateway = await startGatewayProcess(yaml);
    const client = await gateway.connect();
    await client.send(handshake('/chat/', 'Host: localhost'));
    const head = await client.head();
    expect([head.status, head.values('x-frame-options')]).toEqual([101, ['SAMEORIGIN']]);
  });

  test('@fastify/rate-limit counts handshakes and requests as one', async () => {
    const { gateway, service } = await used(
      '[{ plugin: "@fastify/rate-limit", options: { max: 2, timeWindow: 60000 } }]',
    );
    expect((await gateway.get('/chat/')).status).toBe(200);
    const head = await opened(gateway);
    expect([head.status, head.value('x-ratelimit-remaining')]).toEqual([101, '0']);
    const refused = await gateway.exchange(handshake('/chat/'));
    expect([refused.status, refused.head.values('retry-after')]).toEqual([429, ['60']]);
    expect(service.requests).toHaveLength(2);
  });

  test('@fastify/basic-auth asks for the password', async () => {
    const { gateway, service } = await used('[{ plugin: ./login.mjs, options: { password: open } }]');
    const { status, head } = await gateway.exchange(handshake('/chat/'));
    const told = [status, head.values('www-authenticate')];
    expect(told).toEqual([401, ['Basic realm="house", charset="UTF-8"']]);
    expect(service.connections).toEqual([]);
    const known = `Authorization: Basic ${Buffer.from('ada:open').toString('base64')}`;
    expect((await opened(gateway, known)).status).toBe(101);
  });

  test('@fastify/cors and @fastify/compress leave the tunnel as it is', async () => {
    const { gateway, service } = await used(
      '[{ plugin: "@fastify/cors", options: { origin: "https://a.test" } }, "@fastify/compress"]',
    );
    const client = await gateway.connect();
    await client.send(handshake('/chat/', 'Origin: https://a.test', 'Accept-Encoding: gzip'));
    const head = await client.head();
    expect([head.status, head.value('access-control-allow-origin'), head.has('content-encoding')]).toEqual([
      101,
      'https://a.test',
      false,
    ]);
    const connection = await service.connection();
    await connection.send('as it is');
    await client.until('as it is');
  });
});
