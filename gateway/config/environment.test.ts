import { describe, expect, it } from 'vitest';
import type { RouteConfig } from '../model/config.ts';
import { configurationOf as good, problemsOf } from '../proof/testing/configuration.ts';
import type { Environment } from './load.ts';

async function theRoute(text: string, env: Environment = {}): Promise<RouteConfig> {
  const { routes } = await good(text, env);
  expect(routes).toHaveLength(1);
  return routes[0]!;
}

const keysOf = (route: RouteConfig) => route.upstream.endpoints.map(({ address }) => address.key);

describe('variables', () => {
  it.each([
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: what the file says
    ['/a: ${DB_PORT:-3001}', {}, 'localhost:3001'],
    ['/a: ${DB_PORT:-3001}', { DB_PORT: '4001' }, 'localhost:4001'],
    ['/a: ${DB_PORT:-3001}', { DB_PORT: '' }, 'localhost:3001'],
    ['/a: "${DB_HOST}:${DB_PORT}"', { DB_HOST: 'db', DB_PORT: '4001' }, 'db:4001'],
    ['/a: { to: "http://${H:-db}" }', {}, 'db:80'],
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: what the file says
  ])('%s with %o', async (line, env, key) => {
    expect(keysOf(await theRoute(`routes:\n  ${line}\n`, env))).toEqual([key]);
  });

  it('numbers, switches and words can come from them', async () => {
    const env = { P: '8080', YES: 'true', NO: 'off', LEVEL: 'warn' };
    const config = await good(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file says
      'port: ${P}\nlog: { level: "${LEVEL}", access: "${NO}" }\nroutes: { /a: { to: 3001, exact: "${YES}" } }',
      env,
    );
    expect(config).toMatchObject({ port: 8080, log: { level: 'warn', access: false } });
    expect(config.routes[0]?.matcher.exact).toBe(true);
  });

  it('an escaped one and a lone $ stay for the shell', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file says
    const { services } = await good('services: { a: "echo $${HOME} $HOME ${X:-x}" }\nroutes: {}');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the shell gets
    expect(services[0]?.run).toBe('echo ${HOME} $HOME x');
  });

  it('what a variable holds is not expanded again', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file says
    const { services } = await good('services: { a: "echo ${X}" }\nroutes: {}', { X: '${Y}' });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the shell gets
    expect(services[0]?.run).toBe('echo ${Y}');
  });

  it('what every object inherits is not in the environment', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file says
    expect(await problemsOf('services: { a: "echo ${toString}" }\nroutes: {}')).toContain(
      'expected the environment to have toString',
    );
  });
});

describe('GATEWAY_HOSTS', () => {
  const env = { GATEWAY_HOSTS: '3001=db, 3002=[fd00::2]' };

  it.each([
    ['3001', 'db:3001'],
    ['localhost:3001', 'db:3001'],
    ['http://localhost:3001', 'db:3001'],
    ['3002', '[fd00::2]:3002'],
    ['127.0.0.1:3001', '127.0.0.1:3001'],
    ['3003', 'localhost:3003'],
  ])('%s is %s', async (target, key) => {
    expect(keysOf(await theRoute(`routes: { /a: "${target}" }`, env))).toEqual([key]);
  });

  it('a port that has moved to another host is not the gateway itself', async () => {
    expect(await problemsOf('port: 3001\nroutes: { /a: 3001 }')).toContain(
      'where the gateway itself listens',
    );
    expect(await problemsOf('port: 3001\nroutes: { /a: 3001 }', env)).toBe('');
  });
});

describe('host', () => {
  it.each([
    ['', {}, '127.0.0.1'],
    ['', { PORTWAY_HOST: '0.0.0.0' }, '0.0.0.0'],
    ['host: 10.0.0.1', { PORTWAY_HOST: '0.0.0.0' }, '10.0.0.1'],
    ['host: "[::]"', {}, '::'],
    ['host: Gateway.Example.', {}, 'gateway.example'],
  ])('%s with %o is %s', async (line, env, host) => {
    expect((await good(`${line}\nroutes: {}`, env)).host).toBe(host);
  });
});
