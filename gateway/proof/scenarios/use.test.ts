import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { get, request } from '../testing/http-client.ts';
import { until } from '../testing/poll.ts';
import { ok, startService } from '../testing/service.ts';

/** `use:` with the real plugins. */
const used = async (use: string, files: Record<string, string> = {}) => {
  const service = (await startService()).answer(
    ok('a quiet answer '.repeat(200), 'Content-Type: text/plain'),
  );
  const yaml = `routes:\n  /plug: { to: ${service.port}, use: ${use} }\n  /plain: ${service.port}\n`;
  return { service, gateway: await startTestGateway(yaml, { files }) };
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
    const yaml = `routes:\n  /plug: { to: ${service.port}, use: ["@fastify/helmet"] }\n  /plain: ${service.port}\n`;
    const gateway = await startGatewayProcess(yaml);
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
    const seen = [status, head.values('www-authenticate')];
    expect(seen).toEqual([401, ['Basic realm="house", charset="UTF-8"']]);
    expect(service.connections).toEqual([]);
    const known = `Authorization: Basic ${Buffer.from('ada:open').toString('base64')}`;
    expect((await gateway.get('/plug/', known)).status).toBe(200);
  });

  test('shows the names of its options on the admin listener, and not their values', async () => {
    const gateway = await startTestGateway(
      'admin: 3900\nroutes:\n  /plug: { to: 1, use: [{ plugin: ./login.mjs, options: { password: hunter2 } }] }\n',
      { files: { 'login.mjs': 'export default async () => {};' } },
    );
    for (const target of ['/config', '/explain?url=/plug/x', '/routes']) {
      const { status, text } = await gateway.admin('GET', target);
      expect([target, status, text.includes('hunter2')]).toEqual([target, 200, false]);
      if (target === '/config') expect(text).toContain('"password": "(not shown)"');
    }
    expect(gateway.log.text()).not.toContain('hunter2');
  });

  test.each([
    ['rejects', '() => Promise.reject(new Error("no way to close"))', 'no way to close'],
    ['throws', '() => { throw new Error("no way to close"); }', 'no way to close'],
    ['throws with `done`', '(_fastify, _done) => { throw new Error("no way to close"); }', 'no way to close'],
    ['never settles', '() => new Promise(() => {})', null],
  ])('serves on, and reloads, where the end of a plugin %s', async (_how, onClose, logged) => {
    const service = (await startService()).answer(ok());
    const yaml = (path: string, plugin: string) =>
      `routes:\n  ${path}: { to: ${service.port}, use: [./${plugin}.mjs] }\n`;
    const closing = `fastify.addHook('onClose', ${onClose});`;
    const gateway = await startTestGateway(yaml('/one', 'good'), {
      files: {
        'good.mjs': `export default async (fastify) => { ${closing} };`,
        'bad.mjs': `export default async (fastify) => { ${closing} throw new Error('no such table'); };`,
      },
    });
    await gateway.editAndReload(yaml('/two', 'good'));
    expect((await gateway.get('/two/')).status).toBe(200);
    await gateway.edit(yaml('/three', 'bad'));
    expect((await gateway.gateway.reload()).rejected).toContain('no such table');
    await gateway.editAndReload(yaml('/four', 'good'));
    expect((await gateway.get('/four/')).status).toBe(200);
    if (logged !== null) expect(gateway.log.text()).toContain(logged);
  });

  test.each([
    [
      'fails once all are registered',
      "fastify.addHook('onReady', async () => { throw new Error('not ready'); });",
    ],
    ['throws what is no error', "throw 'not ready';"],
  ])('is refused, and closed again, where one %s', async (_how, fails) => {
    const module = `
      export default async (fastify) => {
        fastify.addHook('onClose', async () => { globalThis.closedAgain = true; });
        ${fails}
      };`;
    const seen = globalThis as { closedAgain?: boolean };
    delete seen.closedAgain;
    await expect(used('[./bad.mjs]', { 'bad.mjs': module })).rejects.toThrow('not ready');
    await until('it is closed', () => seen.closedAgain === true);
  });

  test.each([
    ['rejects', "async () => { throw new Error('not ready'); }"],
    ['throws', "() => { throw new Error('not ready'); }"],
    ['calls done with it', "(done) => done(new Error('not ready'))"],
  ])('is named, with the line of its route, where its onReady %s', async (_how, hook) => {
    const module = `export default async (fastify) => { fastify.addHook('onReady', ${hook}); };`;
    const refused = used('[./good.mjs, ./bad.mjs]', {
      'good.mjs': "export default async (fastify) => { fastify.addHook('onReady', async () => {}); };",
      'bad.mjs': module,
    });
    await expect(refused).rejects.toThrow(
      /^route \/plug \(line 2 of the configuration\): \S*bad\.mjs: its onReady failed: not ready$/m,
    );
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

describe('what a plugin throws where no hook runs', () => {
  const thrower = (code: string) => ({
    'thrower.mjs': `export default async (fastify) => { fastify.addHook('onRequest', async (request, reply) => { ${code} }); };`,
  });

  test.each([
    ["reply.raw.on('finish'", 200],
    ["reply.raw.once('pipe', () => {}).on('close'", 200],
    ["request.raw.on('close'", 500],
    ["request.raw.on('end'", 500],
  ])('%s, ...) is told as its fault, and ends no more than its connection', async (listens, status) => {
    const { gateway } = await used(
      '[./thrower.mjs]',
      thrower(`${listens}, () => { throw new Error('own fault'); });`),
    );
    const client = await gateway.connect();
    const answer = await client.exchange(request('POST', '/plug/', ['Content-Length: 2'], 'ab'));
    expect(answer.status).toBe(status);
    await until('it is told', () => /own fault[\s\S]*thrower\.mjs/.test(gateway.log.text()));
    expect((await gateway.get('/plain/')).status).toBe(200);
  });

  test('by a timer ends the process, and is not called a bug of Portway: its file is named', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startGatewayProcess(
      `routes:\n  /plug: { to: ${service.port}, use: [./thrower.mjs] }\n`,
      {
        files: thrower("setTimeout(() => { throw new Error('own fault'); }, 1);"),
      },
    );
    const client = await gateway.connect();
    await client.send(get('/plug/', 'Host: localhost'));
    expect((await gateway.process.ended).code).toBe(1);
    const text = gateway.process.log.text();
    expect(text).toMatch(/own fault/);
    expect(text).toMatch(/not Portway's own[^\n]*thrower\.mjs:1:\d+/);
    expect(text).not.toContain('a bug in Portway');
  });
});
