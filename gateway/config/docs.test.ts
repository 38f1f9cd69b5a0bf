import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { contentOf } from '../files/content.ts';
import { definitionOf, type docOf, metaOf, optionsIn } from '../keys/key-doc.ts';
import { plainValue } from '../keys/scalar.ts';
import { createAuthority, issueCertificate } from '../tls/authority.ts';
import { generatedDocs } from './docs.ts';
import { FOLDER_KEYS } from './folder-schema.ts';
import { jsonSchema } from './json-schema.ts';
import { loadContent } from './load.ts';
import { parseConfig } from './parse.ts';
import { REDIRECT_KEYS } from './redirect-schema.ts';
import { configuration } from './schema.ts';
import { valuesOf } from './values.ts';

const folder = mkdtempSync(join(tmpdir(), 'portway-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const authority = createAuthority('Test CA', 1);
const pem = fileOf(
  'site.pem',
  Object.values(issueCertificate(authority, { names: ['a.test'], days: 1 })).join(''),
);
const authorityPem = fileOf('ca.pem', authority.cert);

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const root = join(import.meta.dirname, '..', '..');
const load = (text: string) => loadContent(contentOf(Buffer.from(text)), 'example.yaml', {});

describe('generated documents', () => {
  it.each([...generatedDocs().keys()])('docs/%s is what the schema says (if not: npm run docs)', (name) => {
    expect(readFileSync(join(root, 'docs', name), 'utf8')).toBe(generatedDocs().get(name));
  });

  it('the reference has every key of the schema, with a description', () => {
    const page = generatedDocs().get('configuration.md')!;
    const keys = keysBelow(configuration);
    expect(keys.length).toBeGreaterThan(30);
    for (const { key, description } of keys) {
      expect(description, key).toBeTruthy();
      expect(page).toMatch(new RegExp(`^\\| \`${key}\` \\|.*`, 'm'));
      expect(page.replaceAll('\\|', '|')).toContain(description);
    }
  });

  it('every key in a table of the reference is one of the schema', () => {
    const page = generatedDocs().get('configuration.md')!;
    const rows = [...page.matchAll(/^\| `(\w+)` \| .* \| .* \| .* \| .* \|$/gm)].map(([, key]) => key);
    const known = new Set(keysBelow(configuration).map(({ key }) => key));
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter((key) => !known.has(key!))).toEqual([]);
  });

  it('every example of the reference that is a whole file is a good one', async () => {
    const page = generatedDocs().get('configuration.md')!;
    const examples = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text!);
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const example of examples) expect(await load(example)).toMatchObject({ ok: true });
  });
});

describe('defaults and bounds are what the reference says', () => {
  it('leaving a key out is writing its default', async () => {
    const withDefault = keysBelow(configuration).filter(({ doc }) => doc.default !== undefined);
    // The host of the admin listener has no default without its port, and the schema of timeouts stands at two places.
    // A kind of proof has no default, and what goes with it stands in the same map: auth-keys.test.ts.
    const written = withDefault.filter(
      ({ path }) => path.join('.') !== 'admin.host' && !path.slice(0, -1).includes('auth'),
    );
    expect(written.length).toBeGreaterThan(15);
    for (const { path, doc } of written) {
      // A cache is not there by default; its keys are, once it is.
      const bare = configOf(
        await load(
          fileWith(
            path.slice(0, -1),
            path[0] === 'routes' && path.length === 3 ? (originOf({ [path[2]!]: null }) ?? {}) : {},
          ),
        ),
      );
      const explicit = configOf(await load(fileWith(path, doc.default!)));
      expect({ path, config: explicit }).toEqual({ path, config: bare });
    }
  });

  const bounded = keysBelow(configuration).filter(({ doc }) => doc.bounds !== undefined);

  it.each(bounded.map(({ path, doc }) => [path.join('.'), path, doc] as const))(
    '%s',
    async (_, path, doc) => {
      const { min, max } = doc.bounds!;
      for (const value of [min, max])
        expect(await load(fileWith(path, value)), value).toMatchObject({ ok: true });
      for (const value of [beyond(min, -1), beyond(max, 1)]) {
        expect(await load(fileWith(path, value)), value).toMatchObject({ ok: false });
      }
    },
  );
});

describe('the JSON schema for editors', () => {
  const validate = new Ajv({ allowUnionTypes: true }).compile(jsonSchema());
  const accepts = (text: string) => {
    const parsed = parseConfig(text, 'example.yaml');
    if (!parsed.ok) throw new Error('no YAML');
    // An editor sees the file before variables are expanded.
    const { value } = valuesOf(parsed.document, new Proxy({}, unexpanded));
    return validate(value);
  };

  it.each([
    'routes: { /a: 3001 }',
    'routes: { /a: [3001, "db:1"], /b: { to: [3001] }, /c: [{ to: 1, exact: true }] }',
    'port: 3000\nadmin: false\nlog: { level: debug, access: off }\nroutes: {}',
    'admin: off\nroutes: {}',
    'admin: { port: 4000 }\nbodyMax: unlimited\ntimeouts: { idle: 1m30s }\nroutes: {}',
    'services: { a: node x, b: { run: node x, port: 1, env: { A: 1 } } }\nroutes: {}',
    'workers: auto\nlane: wire\noverload: { memory: 1GiB }\nresolver: [127.0.0.1, "[::1]:53"]\nretries: { perTry: none }\nbreaker: on\nroutes: {}',
    'routes: { /a: { to: [3001, { at: "db:1", weight: 3, backup: on }], balance: { hash: { cookie: sid } }, canary: { to: 3009, weight: 5% } } }',
    'routes: { /a: { to: 3001, health: /healthz, ejection: { rate: 20% }, sticky: sid, slowStart: 30s, limits: { waiting: 0 } }, /b: { to: 3001, health: { path: /x, status: [200, 300-399] } } }',
    'routes: {}\nstreams: { tcp: { 7000: { to: { at: 7001, weight: 2 }, health: tcp, balance: hash } } }',
    `respond: 503\nroutes: { /a: { to: 1, respond: off }, /b: { to: 1, respond: { status: 503, share: 10% } }, /c: { respond: 410 }, /d: { to: 1, respond: "\${MAINTENANCE}" } }`,
    'trustProxy: loopback\nroutes: { /a: { to: 1, when: { methods: GET, headers: { a: true }, query: { b: 1 } } } }',
    'rateLimit: { rate: 10 / s, by: header X-A }\nretries: { budget: 0.5% }\ntimeouts: { idle: 1m500ms }\nhost: "::1"\ndeny: [10.0.0.0/8, "::ffff:1.2.3.4/96", private]\nroutes: {}',
    'bandwidth: { answers: 1.5MiB / s }\ncors: { methods: "*" }\nroutes: { /a: { redirect: "{scheme}://{host}/b" }, /b: { redirect: HTTP://a/ } }',
  ])('accepts %j', (text) => {
    expect(accepts(text)).toBe(true);
  });

  it.each([
    'port: 70000\nroutes: {}',
    'prot: 3000\nroutes: {}',
    'port: 3000',
    'routes: { /a: true }',
    'routes: { /a: [] }',
    'routes: { /a: { strip: true } }',
    'routes: { /a: { to: 1, folder: ./a } }',
    'routes: { /a: { to: 1, respond: 503 } }',
    'routes: { /a: { folder: ./a, respond: { status: 503 } } }',
    'routes: { /a: { respond: { status: 503, share: 10% } } }',
    'routes: { /a: { respond: off } }',
    'routes: { /a: { to: 1, hostHeader: [kept] } }',
    'routes: { /a: { to: 1, timeouts: { connect: 5 } } }',
    'routes: { /a: { to: 1, timeouts: { connect: 5 s } } }',
    'routes: { /a: { to: 1, balance: fastest } }',
    'routes: { /a: { to: 1, retries: { budget: 20 } } }',
    'routes: { /a: { to: { weight: 2 } } }',
    'routes: { /a: { to: 1, health: healthz } }',
    'workers: 65\nroutes: {}',
    'bodyMax: 10M\nroutes: {}',
    'services: { a: { port: 1 } }\nroutes: {}',
    'admin: true\nroutes: {}',
    'rateLimit: { rate: 10/w }\nroutes: {}',
    'rateLimit: { rate: 1/s, by: header }\nroutes: {}',
    'retries: { budget: 120% }\nroutes: {}',
    'timeouts: { idle: 1h1h }\nroutes: {}',
    'deny: all\nroutes: {}',
    'host: a/b\nroutes: {}',
    'bandwidth: { answers: 1MB }\nroutes: {}',
    'cors: { methods: [G T] }\nroutes: {}',
    'shared: localhost\nroutes: {}',
    'traces: { otlp: collector }\nroutes: {}',
    'auth: { forward: /check }\nroutes: {}',
    'auth: { oidc: { issuer: id.test, clientId: a, clientSecret: aaaaaaaaaaaaaaaaaaaaaaaa } }\nroutes: {}',
    'errorPages: { 404: a.txt }\nroutes: {}',
    'routes: { /a: { redirect: new } }',
    'routes: { /a: { to: 1, rewritePrefix: b } }',
    'routes: { /a: { to: 1, sticky: a b } }',
  ])('refuses %j', (text) => {
    expect(accepts(text)).toBe(false);
  });

  it.each(['port', 'maxConnections', 'bodyMax', 'admin', 'host', 'trustProxy'])(
    '%s may be a variable',
    (key) => {
      expect(validate({ [key]: `\${${key.toUpperCase()}}`, routes: {} })).toBe(true);
    },
  );
});

interface Key {
  readonly path: readonly string[];
  readonly key: string;
  readonly doc: ReturnType<typeof docOf>;
  readonly description: string | undefined;
}

/** Every key of every object of the schema; `*` stands for the free keys of a map. */
function keysBelow(schema: z.core.$ZodType, path: readonly string[] = []): Key[] {
  return optionsIn(schema).flatMap((option) => {
    const def = definitionOf(option);
    if (def.type === 'record') return keysBelow(def.valueType, [...path, '*']);
    if (def.type !== 'object') return [];
    return Object.entries(def.shape).flatMap(([key, value]) => {
      const { description, ...doc } = metaOf(value);
      const own = { path: [...path, key], key, doc, description };
      return [own, ...keysBelow(value, own.path)];
    });
  });
}

/** What must stand in a map for it to be whole, whichever of its keys is tried. */
const WHOLE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'routes.*': { to: 'db:1' },
  'services.*': { run: 'x' },
  'tcp.*': { to: 'db:1' },
  'udp.*': { to: 'db:1' },
  '*.to': { at: 'db:1' },
  '*.canary': { to: 'canary:1', weight: '5%' },
  'canary.to': { at: 'canary:1' },
  '*.mirror': { to: 'mirror:1' },
  '*.compare': { to: 'compare:1' },
  '.tls': { certificates: { cert: pem, key: pem } },
  '.shared': { url: 'redis://127.0.0.1' },
  'tls.acme': { names: 'shop.example.com' },
  '.traces': { otlp: 'http://127.0.0.1:4318' },
  'tls.certificates': { cert: pem, key: pem },
  'tls.clientCertificates': { ca: authorityPem },
  '.tests': { request: 'GET /a' },
  '.concurrent': { requests: 1 },
  '*.concurrent': { requests: 1 },
  '.bandwidth': { answers: '1MB/s' },
  '*.bandwidth': { answers: '1MB/s' },
  '.rateLimit': { rate: '1/s' },
  '*.rateLimit': { rate: '1/s' },
  'auth.oidc': { issuer: 'https://id.test/', clientId: 'a', clientSecret: 'a'.repeat(24) },
  'auth.jwt': { jwks: 'https://id.test/', issuer: 'a', audience: 'a' },
};

/** Where the keys of a map are free, one that is good. */
const FREE_KEY: Readonly<Record<string, string>> = { routes: '/a', services: 'a', tcp: '7000', udp: '7000' };

/** A whole file in which a key has a value. @param value as it is written, or a map */
function fileWith(path: readonly string[], value: string | object): string {
  // An attempt may last as long as the response may.
  const timeouts = path.includes('retries') ? { timeouts: { response: '24h' } } : {};
  // JSON is YAML.
  return JSON.stringify({
    routes: { '/a': 'db:1' },
    ...timeouts,
    ...nested(path, typeof value === 'string' ? plainValue(value) : value),
  });
}

/** `{ log: { level: 'info' } }` */
function nested(path: readonly string[], value: unknown): Record<string, unknown> {
  let inner = value;
  for (const [index, key] of [...path.entries()].reverse()) {
    const before = path[index - 1] ?? '';
    const whole =
      typeof inner === 'object'
        ? { ...((key === '*' && originOf(inner)) || wholeOf(path, before, key)), ...inner }
        : inner;
    inner = { [key === '*' ? FREE_KEY[before]! : key]: whole };
  }
  return inner as Record<string, unknown>;
}

/** What answers on a route that can have no `to`; `null`: it can. */
function originOf(route: { readonly respond?: object } | null): object | null {
  const has = (keys: readonly string[]) => keys.some((key) => route !== null && key in route);
  if (has([...FOLDER_KEYS, 'folder'])) return { folder: '.' };
  if (has([...REDIRECT_KEYS, 'redirect'])) return { redirect: '/new' };
  return route?.respond !== undefined && !('share' in route.respond) ? {} : null;
}

function wholeOf(path: readonly string[], before: string, key: string): object {
  if (key === 'auth' && path.at(-1) === 'timeout') return { forward: 'http://id.test/' };
  if (key !== 'health') return { ...WHOLE[`${before}.${key}`] };
  const interval = path.at(-1) === 'timeout' ? { interval: '1h' } : {};
  return { ...interval, ...(path[0] === 'routes' ? { path: '/healthz' } : {}) };
}

/** The next value outside of a bound: `24h` and 1 is `24h1ms`, `1ms` and -1 is `0ms`. */
function beyond(bound: string, step: 1 | -1): string {
  const [, amount, unit] = /^(\d+)(\D*)$/.exec(bound)!;
  if (step === 1 && /^[mshd]/.test(unit!)) return `${bound}1ms`;
  return `${Number(amount) + step}${unit}`;
}

function configOf(result: Awaited<ReturnType<typeof load>>) {
  if (!result.ok) throw new Error(result.formatted);
  return { ...result.config, routes: result.config.routes.map((route) => ({ ...route, source: null })) };
}

/** An environment in which every variable holds itself. */
const unexpanded: ProxyHandler<Record<string, string>> = {
  get: (_, name) => `\${${String(name)}}`,
  has: () => true,
};
