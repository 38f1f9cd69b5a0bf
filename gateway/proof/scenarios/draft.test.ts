import { mkdir, readdir, readFile, rename, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DraftFile, DraftVerdict } from '../../model/draft.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../testing/gateway.ts';

const YAML = 'routes:\n  /a: 1001\n  /b: { to: 1002, timeouts: { response: 5s } }\noverload: off\n';

async function stage(yaml = YAML, options: TestGatewayOptions = { mode: 'development' }) {
  const gateway = await startTestGateway(yaml, options);
  const ask = (method: string, body?: unknown, headers: Record<string, string> = {}) =>
    draft(gateway, method, body, headers);
  return { gateway, ask };
}

async function draft(gateway: TestGateway, method: string, body: unknown, headers: Record<string, string>) {
  const answer = await fetch(`http://127.0.0.1:${gateway.adminPort}/draft`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return {
    status: answer.status,
    json: (await answer.json()) as DraftFile & DraftVerdict & { detail: string },
  };
}

describe('a text that may become the configuration', () => {
  test('is told what is wrong with it, as the checker says it', async () => {
    const { ask } = await stage();
    const { json } = await ask('POST', { text: 'routes:\n  /a: 1O01\n' });
    expect(json).toMatchObject({
      ok: false,
      problems: [{ line: 2, column: 7, length: 4, path: 'routes./a.to' }],
    });
    const long = await ask('POST', { text: `routes:\n  /a: 1O01 # ${'x'.repeat(2_000)}\n` });
    expect(long.json).toEqual(json);
  });

  test('is told what it changes, by key, and which of the last requests would go elsewhere', async () => {
    const { gateway, ask } = await stage();
    await gateway.get('/c/x?token=hush');
    const { json } = await ask('POST', {
      text: 'routes:\n  /c: 1003\n  /b: { to: 1002, timeouts: { response: 2s } }\nport: 4000\noverload: off\n',
    });
    expect(json.changes).toEqual([
      { kind: 'added', id: '/c', leads: 'localhost:1003', details: [] },
      { kind: 'removed', id: '/a', leads: 'localhost:1001', details: [] },
      {
        kind: 'changed',
        id: '/b',
        leads: null,
        details: [{ path: '/timeouts/responseMs', before: 5000, after: 2000 }],
      },
      { kind: 'setting', id: 'port', leads: null, details: [] },
    ]);
    expect(json.elsewhere).toEqual([
      { method: 'GET', target: '/c/x?token=(not shown)', host: 'localhost', before: '404', after: '/c' },
    ]);
  });

  test('is written in the place of the file, whole, where the file is what it was made of', async () => {
    const { gateway, ask } = await stage();
    const { hash } = (await ask('GET')).json;
    const text = `${YAML}# a remark\n`;
    expect((await ask('PUT', { text, hash: 'other' })).status).toBe(409);
    expect((await ask('PUT', { text: 'routes: 1', hash })).status).toBe(409);
    expect((await ask('PUT', { text, hash })).status).toBe(200);
    expect(await readFile(gateway.configFile, 'utf8')).toBe(text);
    expect((await readdir(dirname(gateway.configFile))).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('of two that were made of the same text, one is written', async () => {
    const { ask } = await stage();
    const { hash } = (await ask('GET')).json;
    const edits = ['a', 'b', 'c'].map((remark) => ask('PUT', { text: `${YAML}# ${remark}\n`, hash }));
    const statuses = (await Promise.all(edits)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 409, 409]);
  });

  test('goes through a link to the file that it names', async () => {
    const { gateway, ask } = await stage();
    const real = join(dirname(gateway.configFile), 'elsewhere');
    await mkdir(real);
    await rename(gateway.configFile, join(real, 'real.yaml'));
    await symlink(join(real, 'real.yaml'), gateway.configFile);
    const { hash } = (await ask('GET')).json;
    expect((await ask('PUT', { text: `${YAML}# x\n`, hash })).status).toBe(200);
    expect(await readFile(join(real, 'real.yaml'), 'utf8')).toContain('# x');
  });

  test.each([
    ['a page of another origin', { Origin: 'http://evil.example' }],
    ['a page of an application behind the gateway', { Origin: 'http://localhost:3000' }],
    ['a page of another site, without an origin', { 'Sec-Fetch-Site': 'cross-site' }],
  ])('is neither shown to nor taken from %s', async (_, headers: Record<string, string>) => {
    const { gateway, ask } = await stage();
    const { hash } = (await ask('GET')).json;
    for (const method of ['GET', 'POST', 'PUT'])
      expect((await ask(method, method === 'GET' ? undefined : { text: YAML, hash }, headers)).status).toBe(
        403,
      );
    expect(await readFile(gateway.configFile, 'utf8')).toBe(YAML);
  });

  test('is not written where the file says so', async () => {
    const { ask } = await stage(`admin: { port: 4999, readOnly: true }\n${YAML}`);
    const { hash, readOnly } = (await ask('GET')).json;
    expect(readOnly).toContain('readOnly: true');
    const { status, json } = await ask('PUT', { text: YAML, hash });
    expect([status, json.detail]).toEqual([409, readOnly]);
  });

  test('is nobody’s business in production: the file is not shown, and variables of the environment can’t be asked for', async () => {
    const { ask } = await stage(`admin: 3900\n${YAML}`, { mode: 'production', env: { SECRET: 'hush' } });
    const seen = (await ask('GET')).json;
    expect(seen).toMatchObject({ text: null, readOnly: expect.stringContaining('production') });
    const { status, json } = await ask('POST', { text: `port: $\{SECRET}` });
    expect(status).toBe(409);
    expect(JSON.stringify(json)).not.toContain('hush');
    expect((await ask('PUT', { text: YAML, hash: '' })).status).toBe(409);
  });
});
