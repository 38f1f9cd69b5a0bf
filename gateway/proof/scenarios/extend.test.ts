import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/http-client.ts';
import { until } from '../testing/poll.ts';
import { ok, startService } from '../testing/service.ts';

/** What extended routes have in common with all others is asserted where that is: those tables run over both kinds. */
describe('a route extended in code', () => {
  const extended = async (module: string, mode: 'development' | 'production' = 'production') => {
    const service = (await startService()).answer(ok('a quiet answer', 'X-Seen: 1'));
    const yaml = `routes:\n  /shout: { to: ${service.port}, extend: ./shout.ts }\n  /plain: ${service.port}\n`;
    return { service, gateway: await startTestGateway(yaml, { files: { 'shout.ts': module }, mode }) };
  };

  test('may answer by itself', async () => {
    const module = `
      export default {
        preHandler(request, reply, done) {
          if (request.headers['x-pass']) done();
          else reply.code(403).send({ no: 'entry' });
        },
      };`;
    const { service, gateway } = await extended(module);
    const refusal = await gateway.get('/shout/');
    expect([refusal.status, JSON.parse(refusal.text)]).toEqual([403, { no: 'entry' }]);
    expect(await gateway.log.exchange(403)).toMatchObject({ bytesOut: refusal.text.length, policy: 'hooks' });
    expect(service.connections).toEqual([]);
    expect((await gateway.get('/shout/', 'X-Pass: 1')).text).toBe('a quiet answer');
    expect(await gateway.log.exchange(200)).not.toHaveProperty('policy');
  });

  test.each([
    ['preHandler', 'preHandler() { return new Promise(() => {}); }'],
    ['preHandler', 'preHandler(_request, _reply, _done) {}'],
    ['onResponse', 'replyOptions: { onResponse: () => new Promise(() => {}) }'],
  ])('is answered for where its %s never settles: { %s }', async (_hook, hook) => {
    const service = (await startService()).answer(ok('never seen'));
    const yaml = `routes:\n  /slow: { to: ${service.port}, extend: ./slow.ts, timeouts: { response: 200ms } }\n`;
    const gateway = await startTestGateway(yaml, { files: { 'slow.ts': `export default { ${hook} };` } });
    const answer = await gateway.get('/slow/');
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([504, 'extension_timeout']);
    const told = await gateway.log.exchange(504);
    expect(told).toMatchObject({ code: 'extension_timeout', cause: expect.stringContaining('slow.ts') });
  });

  const OWN_STREAM = `
    import { PassThrough } from 'node:stream';
    export default {
      preHandler(request, reply) {
        const stream = new PassThrough();
        stream.write('begun ');
        if (request.headers['x-whole']) stream.end('and done');
        return reply.type(request.headers.accept ?? 'text/plain').send(stream);
      },
    };`;
  const streaming = () =>
    startTestGateway('routes:\n  /own: { to: 1, extend: ./own.ts, timeouts: { idle: 200ms } }\n', {
      files: { 'own.ts': OWN_STREAM },
    });

  test('may answer with a stream of its own, whose bytes are counted', async () => {
    const gateway = await streaming();
    expect((await gateway.get('/own/', 'X-Whole: 1')).text).toBe('begun and done');
    expect(await gateway.log.exchange(200)).toMatchObject({ bytesOut: 'begun and done'.length });
  });

  // It was held for ever.
  test('whose own stream stalls is broken off after timeouts.idle', async () => {
    const gateway = await streaming();
    const client = await gateway.connect();
    await client.send(get('/own/stalls'));
    await client.until('begun ');
    await client.ending();
    expect(await gateway.log.exchange(200)).toMatchObject({ code: 'idle_timeout', bytesOut: 6 });
  });

  test('whose own stream is one of events may pause for longer', async () => {
    const gateway = await streaming();
    const patient = await gateway.connect();
    await patient.send(get('/own/events', 'Accept: text/event-stream'));
    await patient.until('begun ');
    const client = await gateway.connect();
    await client.send(get('/own/stalls'));
    await gateway.log.exchange(200);
    expect(gateway.log.exchanges().map(({ target }) => target)).toEqual(['/own/stalls']);
  });

  // It said keep-alive, and read the rest of an upload that nobody wants.
  test('that refuses an unfinished upload says that the connection ends, and ends it', async () => {
    const { gateway } = await extended(
      'export default { preHandler: (_request, reply) => reply.code(403).send() };',
    );
    const client = await gateway.connect();
    await client.send(`${request('POST', '/shout/', ['Content-Length: 100000'])}the first bytes`);
    const { head, status } = await client.answer();
    expect([status, head.value('connection')]).toEqual([403, 'close']);
    expect(await client.ending()).toBe('fin');
  });

  test('that refuses a small upload leaves the connection open', async () => {
    const { gateway, service } = await extended(
      'export default { preHandler: (_request, reply) => reply.code(403).send() };',
    );
    const client = await gateway.connect();
    await client.send(request('POST', '/shout/', [], 'a few bytes'));
    expect((await client.answer()).head.value('connection')).not.toBe('close');
    await client.send(request('POST', '/shout/', ['Content-Length: 20'], 'a few '));
    expect((await client.answer()).status).toBe(403);
    await client.send(`bytes and more${get('/plain/')}`);
    expect((await client.answer()).text).toBe('a quiet answer');
    expect(service.requests).toHaveLength(1);
  });

  // Asked when the exchange began, and not when its head was set, it said keep-alive and was closed.
  test.each([
    ['only looks at the request', 'preHandler(_request, _reply, done) { done(); }'],
    [
      'sends the answer itself',
      'replyOptions: { onResponse: (_request, reply, { stream }) => reply.send(stream) }',
    ],
  ])('that %s says while the gateway drains that the connection ends', async (_what, hook) => {
    const service = await startService();
    const gateway = await startTestGateway(`routes:\n  /a: { to: ${service.port}, extend: ./a.ts }\n`, {
      files: { 'a.ts': `export default { ${hook} };` },
    });
    const client = await gateway.connect();
    const connection = await service.reachedBy(client, request('GET', '/a/'));
    const closing = gateway.close(5_000);
    await connection.send(ok('late'));
    const answer = await client.answer();
    expect([answer.text, answer.head.value('connection')]).toEqual(['late', 'close']);
    expect(await client.ending()).toBe('fin');
    await closing;
  });

  test('that comes to an end too late sends nothing any more', async () => {
    const service = (await startService()).answer(ok());
    const module =
      'export default { preHandler: () => new Promise((resolve) => { globalThis.release = resolve; }) };';
    const yaml = `routes:\n  /slow: { to: ${service.port}, extend: ./slow.ts, timeouts: { response: 200ms } }\n  /plain: ${service.port}\n`;
    const gateway = await startTestGateway(yaml, { files: { 'slow.ts': module } });
    expect((await gateway.get('/slow/')).status).toBe(504);
    (globalThis as unknown as { release: () => void }).release();
    expect((await gateway.get('/plain/')).status).toBe(200);
    expect(service.requests.map(({ target }) => target)).toEqual(['/']);
  });

  test('may change the fields of the answer', async () => {
    const module = `
      export default {
        replyOptions: { rewriteHeaders: (headers) => ({ ...headers, 'x-added': 'yes' }) },
      };`;
    const { gateway } = await extended(module);
    const { head } = await gateway.get('/shout/');
    expect([head.value('x-added'), head.value('x-seen')]).toEqual(['yes', '1']);
  });

  test('may change the fields of the request', async () => {
    const module = `
      export default {
        replyOptions: { rewriteRequestHeaders: (_request, headers) => ({ ...headers, 'x-added': 'yes' }) },
      };`;
    const { service, gateway } = await extended(module);
    await gateway.get('/shout/');
    expect(service.request.head.value('x-added')).toBe('yes');
  });

  test('may wait for the end of the request, which comes before the answer', async () => {
    const module = `
      export default {
        preHandler({ raw }, _reply, done) {
          raw.on('end', () => { raw.isWhole = true; });
          done();
        },
        replyOptions: { rewriteHeaders: (fields, { raw }) => ({ ...fields, 'X-Whole': String(raw.isWhole) }) },
      };`;
    const { service, gateway } = await extended(module);
    const client = await gateway.connect();
    // The second one finds a connection to the service, so that its body is read at once.
    for (const text of ['first', 'second']) {
      const { head } = await client.exchange(request('POST', '/shout/', [], text));
      expect([head.value('x-whole'), String(service.requests.at(-1)!.body)]).toEqual(['true', text]);
    }
  });

  test.each([
    ['Content-Length: 4', 'body'],
    ['Transfer-Encoding: chunked', '4\r\nbody\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked, without a byte', '0\r\n\r\n'],
  ])(
    'that read a body of %s to its end have taken it from the service: told at once',
    async (framing, body) => {
      const module = 'export default { async preHandler({ raw }) { for await (const _ of raw); } };';
      const { service, gateway } = await extended(module);
      const { status, text } = await gateway.exchange(
        request('POST', '/shout/', [framing.split(',')[0]!], body),
      );
      expect([status, JSON.parse(text).code]).toEqual([500, 'extension_failed']);
      expect(service.requests).toEqual([]);
      const seen = await gateway.log.exchange(500);
      expect(seen).toMatchObject({ cause: expect.stringContaining('has read the body') });
    },
  );

  test.each(['data', 'readable'])(
    'that listen to %s of a body have taken it, even before it comes',
    async (event) => {
      const module = `export default { preHandler({ raw }, _reply, done) { raw.on('${event}', () => {}); done(); } };`;
      const { gateway } = await extended(module);
      const { status, text } = await gateway.exchange(request('POST', '/shout/', ['Content-Length: 4']));
      expect([status, JSON.parse(text).code]).toEqual([500, 'extension_failed']);
    },
  );

  test.each([
    ['that comes with its head', ['Content-Length: 4'], 'body', ''],
    ['that comes later', ['Content-Length: 4'], '', 'body'],
    ['in chunks', ['Transfer-Encoding: chunked'], '', '4\r\nbody\r\n0\r\n\r\n'],
  ])('that pause a body %s leave it to the service', async (_when, framing, first, later) => {
    const { service, gateway } = await extended(
      'export default { preHandler({ raw }, _reply, done) { raw.pause(); done(); } };',
    );
    const client = await gateway.connect();
    await client.send(request('POST', '/shout/', framing, first));
    await client.send(later);
    const { status } = await client.answer();
    expect([status, String(service.request.body)]).toEqual([200, 'body']);
  });

  test.each(["'a\\r\\nX-Smuggled: 1'", "'a\\nb'", "'\\u0141'"])(
    'can not put %s into a field',
    async (value) => {
      const module = `
      export default {
        replyOptions: { rewriteRequestHeaders: (_request, headers) => ({ ...headers, 'x-added': ${value} }) },
      };`;
      const { service, gateway } = await extended(module);
      const answer = await gateway.get('/shout/');
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([500, 'extension_failed']);
      expect(service.connections).toEqual([]);
    },
  );

  test('may say who the client is, and sees no such claim of a stranger', async () => {
    const module = `
      export default {
        preHandler(request, reply, done) {
          const user = request.headers['x-forwarded-user'] ?? request.headers['x_forwarded_user'] ?? 'nobody';
          request.headers['x-forwarded-user'] = 'found, not ' + user;
          done();
        },
      };`;
    const { service, gateway } = await extended(module);
    await gateway.get('/shout/', 'X-Forwarded-User: admin', 'X_Forwarded_User: root');
    expect(service.request.head.values('x-forwarded-user')).toEqual(['found, not nobody']);
  });

  // The process ended.
  test('may write on when its time is over, which goes nowhere', async () => {
    const module = `
      export default {
        async preHandler(_request, reply) {
          await new Promise((pass) => { globalThis.writesLate = pass; });
          reply.raw.write('late');
          delete globalThis.writesLate;
        },
      };`;
    const service = await startService();
    const yaml = `routes:\n  /slow: { to: ${service.port}, extend: ./slow.ts, timeouts: { response: 100ms } }\n`;
    const gateway = await startTestGateway(yaml, { files: { 'slow.ts': module } });
    expect((await gateway.get('/slow/')).status).toBe(504);
    const waiting = globalThis as { writesLate?: () => void };
    waiting.writesLate?.();
    await until('the hook is over', () => waiting.writesLate === undefined);
    expect(service.connections).toEqual([]);
  });

  // The answer is written anew, and lost what the hook had set: a browser never asked for the password.
  test('whose hook throws a refusal keeps the fields that it has set', async () => {
    const module = `
      export default {
        preHandler(_request, reply) {
          reply.header('WWW-Authenticate', 'Basic realm="house"').header('Retry-After', 3);
          reply.header('Set-Cookie', ['a=1', 'b=2']).header('Content-Length', 7).header('Content-Encoding', 'br');
          reply.header('X-Bad', 'a\u0141');
          throw Object.assign(new Error('who are you?'), { statusCode: 401 });
        },
      };`;
    const { gateway } = await extended(module);
    const { status, head, text } = await gateway.get('/shout/');
    expect([status, JSON.parse(text).detail]).toEqual([401, 'who are you?']);
    expect(head.values('www-authenticate')).toEqual(['Basic realm="house"']);
    expect(head.values('retry-after')).toEqual(['3']);
    expect(head.values('set-cookie')).toEqual(['a=1', 'b=2']);
    const seen = [head.values('x-request-id').length, head.has('content-encoding'), head.has('x-bad')];
    expect(seen).toEqual([1, false, false]);
    expect(head.values('content-type')).toEqual(['application/problem+json']);
    const line = await gateway.log.exchange(401);
    expect([line.policy, line.cause, line.code]).toEqual(['hooks', 'who are you?', undefined]);
  });

  test('does not touch its neighbours', async () => {
    const module = `export default { preHandler(_request, reply) { reply.code(403).send('no'); } };`;
    const { gateway } = await extended(module);
    expect((await gateway.get('/shout/')).status).toBe(403);
    expect((await gateway.get('/plain/')).text).toBe('a quiet answer');
  });

  test.each([
    ['throws', 'preHandler() { throw new Error("secret of the house"); }'],
    ['rejects', 'async preHandler() { throw new Error("secret of the house"); }'],
  ])('that %s is answered 500, and tells nothing', async (_what, hook) => {
    const { gateway } = await extended(`export default { ${hook} };`);
    const answer = await gateway.get('/shout/');
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.text)).toMatchObject({ status: 500, code: 'extension_failed' });
    expect(answer.text + answer.head.raw).not.toContain('secret');
    expect(JSON.stringify(await gateway.log.exchange(500))).toContain('secret of the house');
    expect((await gateway.get('/plain/')).status).toBe(200);
  });
});
