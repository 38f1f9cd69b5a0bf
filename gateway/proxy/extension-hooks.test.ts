import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../proof/testing/gateway.ts';
import { get, request } from '../proof/testing/raw-client.ts';
import { ok, startService } from '../proof/testing/service.ts';

async function extended(extension: string, imports = '') {
  const service = await startService();
  const yaml = `routes:\n  /db: { to: ${service.port}, extend: ./extension.ts }\n`;
  const gateway = await startTestGateway(yaml, {
    files: { 'extension.ts': `${imports}\nexport default { ${extension} };` },
  });
  return { service, gateway };
}

// vitest fails a test that leaves an error uncaught, as these did, and the process would end.
describe('a hook that fails is answered 500, and harms nobody else', () => {
  test.each([
    [
      'rewriteRequestHeaders throws',
      'replyOptions: { rewriteRequestHeaders() { throw new Error("secret"); } }',
    ],
    ['rewriteHeaders throws', 'replyOptions: { rewriteHeaders() { throw new Error("secret"); } }'],
    ['onResponse throws', 'replyOptions: { onResponse() { throw new Error("secret"); } }'],
    ['onResponse rejects', 'replyOptions: { async onResponse() { throw new Error("secret"); } }'],
    [
      'onResponse sets no status',
      'replyOptions: { onResponse(_, reply) { reply.code(9999).send("secret"); } }',
    ],
  ])('%s', async (_what, extension) => {
    const { service, gateway } = await extended(extension);
    service.answer(ok('x'.repeat(100_000)));
    for (let round = 0; round < 2; round++) {
      const answer = await gateway.get('/db/');
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([500, 'extension_failed']);
      expect(answer.head.raw + answer.text).not.toContain('secret');
    }
    expect(await gateway.log.exchange(500)).toMatchObject({ code: 'extension_failed' });
  });
});

test('an answer that is piped through a hook, and breaks off, breaks off for the client too', async () => {
  const { service, gateway } = await extended(
    'replyOptions: { onResponse(_request, reply, { stream }) { reply.send(stream.pipe(new PassThrough())); } }',
    `import { PassThrough } from 'node:stream';`,
  );
  const client = await gateway.connect();
  const connection = await service.reachedBy(client, get('/db/'));
  await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
  await client.until('half');
  connection.reset();
  const { bytes } = await client.rest();
  expect(bytes.toString()).not.toContain('\r\n0\r\n');
  expect(await gateway.log.exchange(200)).toMatchObject({ code: 'answer_truncated' });
});

describe('what a hook makes of a request reaches the service', () => {
  test('though it edits the header in place', async () => {
    const { service, gateway } = await extended(`preHandler(request, _reply, done) {
      request.headers['x-user'] = 'ada';
      delete request.headers.authorization;
      done();
    }`);
    service.answer(ok());
    await gateway.get('/db/', 'Authorization: Basic secret', 'X-a: kept');
    const { head } = service.request;
    expect([head.value('x-user'), head.has('authorization'), head.lines]).toEqual([
      'ada',
      false,
      expect.arrayContaining(['X-a: kept']),
    ]);
  });

  test.each([
    ['a length', []],
    ['chunks', ['Transfer-Encoding: chunked']],
  ])('with a body of its own, in place of one that came with %s', async (_what, fields) => {
    const { service, gateway } = await extended(`preHandler(request, _reply, done) {
      request.body = { of: 'its own' };
      done();
    }`);
    service.answer(ok());
    const sent = fields.length > 0 ? '2\r\n{}\r\n0\r\n\r\n' : '{"another": "body"}';
    const answer = await gateway.exchange(
      request('POST', '/db/', ['Content-Type: application/json', ...fields], sent),
    );
    expect([answer.status, service.request.body.toString()]).toEqual([200, '{"of":"its own"}']);
  });

  test('but for what nobody may say of our connection, or of where the request came from', async () => {
    const { service, gateway } = await extended(`replyOptions: {
      rewriteRequestHeaders: (_request, headers) => ({
        ...headers, upgrade: 'x', expect: '100-continue', 'keep-alive': 'x', te: 'gzip', host: 'evil.test',
        'x-forwarded-for': '6.6.6.6', 'x-request-id': 'mine', 'x-real-ip': '6.6.6.6',
      }),
    }`);
    service.answer(ok());
    expect((await gateway.get('/db/')).status).toBe(200);
    const { head } = service.request;
    for (const name of ['upgrade', 'expect', 'keep-alive', 'te']) expect(head.has(name)).toBe(false);
    for (const name of ['x-forwarded-for', 'x-real-ip']) expect(head.value(name)).toBe('127.0.0.1');
    expect(head.value('host')).toBe('gateway.test');
    expect(head.values('x-request-id')).toEqual([expect.not.stringContaining('mine')]);
  });
});

test('a client that leaves while a hook thinks has asked the service for nothing', async () => {
  const { service, gateway } = await extended(`preHandler(request, _reply, done) {
    if (request.headers['x-quick']) return done();
    request.log.info('thinking');
    request.raw.socket.once('close', () => setImmediate(() => { done(); request.log.info('thought'); }));
  }`);
  service.answer(ok());
  const client = await gateway.connect();
  await client.send(get('/db/gone'));
  await gateway.log.find('thinking hook', ({ msg }) => msg === 'thinking');
  client.destroy();
  await gateway.log.find('end of it', ({ msg }) => msg === 'thought');
  expect(await gateway.log.exchange(499)).toMatchObject({ code: 'client_left' });
  await gateway.get('/db/here', 'X-Quick: 1');
  expect(service.connections.length).toBe(1);
  expect(service.request.target).toBe('/here');
});
