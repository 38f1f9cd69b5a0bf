import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { get, request } from '../testing/http-client.ts';
import { ok, startService } from '../testing/service.ts';

/** `use:` with the real plugins. */
const used = async (use: string, files: Record<string, string> = {}) => {
  const service = (await startService()).answer(
    ok('a quiet answer '.repeat(200), 'Content-Type: text/plain'),
  );
  const yaml = `routes:\n  /plug: { to: ${service.port}, use: ${use} }\n  /plain: ${service.port}\n`;
  return { service, gateway: await startTestGateway(yaml, { files, mode: 'production' }) };
};

const LOGIN = `
  import basicAuth from '@fastify/basic-auth';
  export default async function login(fastify, { password }) {
    await fastify.register(basicAuth, {
      authenticate: { realm: 'house' },
      validate: async (user, given) => { if (given !== password) throw new Error('not you'); },
    });
    fastify.addHook('onRequest', fastify.basicAuth);
  }`;

describe('a route with Fastify plugins by name', () => {
  test('@fastify/helmet sets its fields, on this route alone', async () => {
    // In a process of its own: under vitest's conditions, `require('helmet')` finds its other kind of module.
    const service = (await startService()).answer(ok());
    const gateway = await startGatewayProcess(
      `routes:\n  /plug: { to: ${service.port}, use: ["@fastify/helmet"] }\n  /plain: ${service.port}\n`,
    );
    const client = await gateway.connect();
    const { status, head } = await client.exchange(get('/plug/', 'Host: localhost'));
    expect([status, head.values('x-frame-options')]).toEqual([200, ['SAMEORIGIN']]);
    const plain = await client.exchange(get('/plain/', 'Host: localhost'));
    expect([plain.status, plain.head.has('x-frame-options')]).toEqual([200, false]);
  });

  test('@fastify/rate-limit counts with its options, and says when to come again', async () => {
    const { gateway, service } = await used(
      '[{ plugin: "@fastify/rate-limit", options: { max: 1, timeWindow: 60000 } }]',
    );
    expect((await gateway.get('/plug/')).status).toBe(200);
    const { status, head } = await gateway.get('/plug/');
    expect([status, head.values('retry-after'), head.value('x-ratelimit-limit')]).toEqual([429, ['60'], '1']);
    expect(service.requests).toHaveLength(1);
  });

  test('@fastify/cors answers preflights, before the service', async () => {
    const { gateway, service } = await used(
      '[{ plugin: "@fastify/cors", options: { origin: "https://a.test" } }]',
    );
    const preflight = await gateway.exchange(
      request('OPTIONS', '/plug/', ['Origin: https://a.test', 'Access-Control-Request-Method: PUT']),
    );
    expect([preflight.status, preflight.head.value('access-control-allow-origin')]).toEqual([
      204,
      'https://a.test',
    ]);
    expect(service.connections).toEqual([]);
    expect(
      (await gateway.get('/plug/', 'Origin: https://a.test')).head.value('access-control-allow-origin'),
    ).toBe('https://a.test');
  });

  test('@fastify/compress packs the answer, and leaves a packed upload as it is', async () => {
    const { gateway, service } = await used('["@fastify/compress"]');
    const { head, body } = await gateway.get('/plug/', 'Accept-Encoding: gzip');
    expect(head.value('content-encoding')).toBe('gzip');
    expect(gunzipSync(body).toString()).toBe('a quiet answer '.repeat(200));
    await gateway.exchange(request('POST', '/plug/', ['Content-Encoding: gzip'], 'as it is'));
    const sent = service.requests.at(-1)!;
    expect([sent.head.value('content-encoding'), sent.body.toString()]).toEqual(['gzip', 'as it is']);
  });

  test('@fastify/basic-auth guards by a module of three lines', async () => {
    const { gateway, service } = await used('[{ plugin: ./login.mjs, options: { password: open } }]', {
      'login.mjs': LOGIN.replace(
        "'@fastify/basic-auth'",
        JSON.stringify(import.meta.resolve('@fastify/basic-auth')),
      ),
    });
    const { status, head } = await gateway.get('/plug/');
    expect([status, head.values('www-authenticate')]).toEqual([
      401,
      ['Basic realm="house", charset="UTF-8"'],
    ]);
    expect(service.connections).toEqual([]);
    const known = `Authorization: Basic ${Buffer.from('ada:open').toString('base64')}`;
    expect((await gateway.get('/plug/', known)).status).toBe(200);
  });

  test.each([
    ['is not installed', '["@fastify/nowhere"]', {}, 'npm install @fastify/nowhere'],
    ['is no plugin', '[./none.mjs]', { 'none.mjs': 'export const a = 1;' }, 'it is no Fastify plugin'],
    [
      'throws',
      '[./bad.mjs]',
      { 'bad.mjs': 'export default async () => { throw new Error("no such table"); }' },
      'no such table',
    ],
  ])('is refused where one %s', async (_what, use, files, problem) => {
    await expect(used(use, files)).rejects.toThrow(problem);
  });
});
