import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  codeOf,
  type Import,
  importCircle,
  importsOf,
  loadedBy,
  type SourceFile,
  sourceFiles,
} from './proof/testing/source-tree.ts';

/** What docs/architecture.md promises of the tree, read from the tree itself. */

const gateway = sourceFiles('gateway');
const services = sourceFiles('services');
/** What is published and runs: no tests, no kit for tests, no benchmark, no chaos. */
const product = gateway.filter(({ path }) => !/\.(test|long)\.ts$|^gateway\/proof\//.test(path));

/**
 * The rooms of gateway/ from the bottom up: each may import those before it, types included, and none behind it. In one sentence, what each
 * may know.
 */
const ROOMS: ReadonlyArray<readonly [room: string, knows: string]> = [
  [
    'model',
    'the shapes of a compiled configuration and of what is told of a running gateway; imports nothing',
  ],
  [
    'exchange',
    'one exchange: the contracts of both its sides, its record, what can go wrong with it, its deadlines, its counters',
  ],
  ['files', 'the bytes of a file at one instant, and when they change'],
  ['discover', 'what asks for routes beside the file: containers of an engine, objects of a cluster'],
  ['wire', 'our own HTTP/1.1 on bare sockets, towards clients and services; no policy'],
  ['route', 'targets, the route table and how to explain it; pure'],
  ['tls', 'certificates and their keys: what fits, for which names; reads no file'],
  [
    'acme',
    'certificates by order (RFC 8555): the protocol, what is kept on disk, when they are renewed, how a name is proven',
  ],
  ['keys', 'how a key of the configuration is declared, and the kinds of values that keys share; no YAML'],
  ['fields', 'what header fields mean, and which requests are admitted at all'],
  [
    'policy',
    'what is done to an exchange on its way: one folder per policy with its keys, one file for their order',
  ],
  ['config', 'YAML: what a file says, what is wrong with it, and when it changes'],
  ['upstream', 'services: endpoints, their choice, health, breakers, pools, names'],
  ['forward', 'how one exchange, tunnel, connection or datagram gets to an endpoint and back'],
  ['cache', 'a shared HTTP cache (RFC 9111)'],
  ['log', 'how lines are written, for machines and for people'],
  ['answer', 'the answers and pages that the gateway gives by itself'],
  ['folder', 'files of a folder, in the place of a service'],
  ['listener', 'the clients’ side: ports, both lanes, raw streams'],
  ['overload', 'when to refuse, and how'],
  ['shared', 'what replicas have in common, by way of a Redis: counts, purges, keys'],
  [
    'proxy',
    'the exchange on its way through all of the above; snapshots and their reload; Fastify and extensions',
  ],
  ['observe', 'what can be asked: admin listener, the gateway’s page, metrics exposition'],
  ['dashboard', 'the program in the browser: what the admin listener says, and how to show it'],
  ['contract.ts', 'what a gateway takes and offers: alone, and as one worker of several'],
  ['gateway.ts', 'the composition root: every part, made and joined, from its start to its end'],
  ['portway.ts', 'what programs import'],
  ['examples', 'extensions as users write them'],
  ['workers', 'several gateways on one port'],
  ['dev', 'processes of `services:`, and the terminal'],
  ['cli', 'commands'],
  ['main.ts', 'the process'],
];

describe('the invariants of the tree', () => {
  test('rooms are layers: each imports only rooms below it, types included', () => {
    const level = new Map(ROOMS.map(([room], at) => [room, at]));
    const roomOf = (path: string) => path.split('/')[1]!;
    expect(product.filter(({ path }) => !level.has(roomOf(path))).map(({ path }) => path)).toEqual([]);
    const upwards = product.flatMap(({ path, imports }) =>
      imports
        .filter(
          ({ from }) => from.startsWith('gateway/') && level.get(roomOf(from))! > level.get(roomOf(path))!,
        )
        .map(({ from }) => `${path} imports ${from}`),
    );
    expect(upwards).toEqual([]);
  });

  test('docs/architecture.md draws the rooms in this order', () => {
    const drawing = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8');
    const drawn = Array.from(drawing.matchAll(/^ {2}([\w.]+)\/? {2,}/gm), ([, room]) => room!);
    expect(drawn.filter((room) => ROOMS.some(([name]) => name === room))).toEqual(
      ROOMS.map(([room]) => room).reverse(),
    );
  });

  test('gateway and services never import each other', () => {
    expect(importsThat(gateway, ({ from }) => /^services\/|^portway-services/.test(from))).toEqual([]);
    expect(importsThat(services, ({ from }) => /^gateway\/|^portway$|^portway\//.test(from))).toEqual([]);
  });

  test('only config/ imports yaml', () => {
    const importers = importsThat([...gateway, ...services], ({ from }) => from === 'yaml');
    expect(importers.filter((found) => !found.startsWith('gateway/config/'))).toEqual([]);
    expect(importers).not.toEqual([]);
  });

  test('forward/ knows neither Fastify nor YAML', () => {
    const files = product.filter(({ path }) => path.startsWith('gateway/forward/'));
    const known = importsThat(loadedBy(pathsOf(files), product), isFastifyOrYaml);
    expect([...known, ...importsThat(files, isFastifyOrYaml)]).toEqual([]);
    expect(importsThat(files, isConfigurationSource)).toEqual([]);
  });

  test('only exchange/rescue.ts knows the codes of broken connections', () => {
    expect(filesWith(product, /\bECONN[A-Z]+\b|\bUND_ERR_/)).toEqual(['gateway/exchange/rescue.ts']);
  });

  test('route/ and config/compile.ts do no I/O', () => {
    const pure = product.filter(({ path }) => /^gateway\/route\/|^gateway\/config\/compile\.ts$/.test(path));
    const loaded = loadedBy(pathsOf(pure), product, false);
    expect(
      importsThat(loaded, ({ from, names }) => from.startsWith('node:') && !isPure(from, names)),
    ).toEqual([]);
    expect(filesWith(loaded, IMPURE)).toEqual([]);
  });

  test('no module-level mutable state', () => {
    expect(product.flatMap((file) => mutableStateOf(file))).toEqual([]);
  });

  test('only the snapshot mounts Fastify, and the admin listener has one of its own', () => {
    const importers = importsThat(
      product,
      ({ from, typeOnly }) => !typeOnly && /^@?fastify\b(?!\/send$)/.test(from),
    );
    expect(new Set(importers.map(fileOf))).toEqual(
      new Set(['gateway/observe/admin.ts', 'gateway/proxy/router.ts']),
    );
  });

  test('only extensions and the outbound requests of auth are built on undici, and nobody sets its global dispatcher', () => {
    const importers = importsThat(product, ({ from, typeOnly }) => !typeOnly && from === 'undici');
    expect(importers.map(fileOf)).toEqual([
      'gateway/forward/extend-dispatcher.ts',
      'gateway/policy/auth/outbound.ts',
    ]);
    expect(filesWith(gateway.filter(isNotThisTest), /setGlobalDispatcher/)).toEqual([]);
  });

  test('what a plain start does not need is not loaded by it', () => {
    const loaded = loadedBy(['gateway/cli/start.ts', 'gateway/gateway.ts'], product, false);
    expect(
      importsThat(
        loaded,
        ({ from, typeOnly, names }) => !typeOnly && names !== 'import()' && DEAR.test(from),
      ),
    ).toEqual([]);
  });

  test('one file asks for node:http, of which an import loads a whole undici', () => {
    expect(importsThat(product, ({ from, typeOnly }) => !typeOnly && from === 'node:http')).toEqual([]);
    expect(filesWith(product, /getBuiltinModule\('node:http'\)/)).toEqual(['gateway/exchange/node-http.ts']);
  });

  test('imports never go in a circle, types included', () => {
    expect(importCircle(product)).toEqual([]);
  });
});

describe('the reader of the tree', () => {
  test.each([
    ["import net from 'node:net';", { from: 'node:net', names: 'net', typeOnly: false }],
    ["import type { A } from '../x/a.ts';", { from: 'gateway/x/a.ts', names: '{ A }', typeOnly: true }],
    [
      "import { type A, type B } from './a.ts';",
      { from: 'gateway/y/a.ts', names: '{ type A, type B }', typeOnly: true },
    ],
    [
      "import { type A, b } from './a.ts';",
      { from: 'gateway/y/a.ts', names: '{ type A, b }', typeOnly: false },
    ],
    ["import './a.ts';", { from: 'gateway/y/a.ts', names: '', typeOnly: false }],
    ["export { a } from './a.ts';", { from: 'gateway/y/a.ts', names: '{ a }', typeOnly: false }],
    ["  await import('./a.ts');", { from: 'gateway/y/a.ts', names: 'import()', typeOnly: false }],
    ["import {\n  a,\n  b,\n} from 'yaml';", { from: 'yaml', names: '{\n  a,\n  b,\n}', typeOnly: false }],
  ])('reads %j', (text, expected) => {
    expect(importsOf('gateway/y/file.ts', text)).toEqual([expected]);
  });

  test('finds a circle of imports, and of types', () => {
    const files = (typeOnly: boolean) => [
      file('gateway/a.ts', `import { b } from './b.ts';`),
      file('gateway/b.ts', `import ${typeOnly ? 'type ' : ''}{ a } from './a.ts';`),
    ];
    const circle = ['gateway/a.ts', 'gateway/b.ts', 'gateway/a.ts'];
    expect([importCircle(files(false)), importCircle(files(true))]).toEqual([circle, circle]);
  });

  test.each([
    'let count = 0;',
    'export let count = 0;',
    'var count = 0;',
    'const seen = new Map<string, number>();',
    'export const seen: Set<string> = new Set();',
    'const seen = new WeakMap();',
    'const list: string[] = [];\nfunction add() {\n  list.push("a");\n}',
    'const list: string[] = [];\nfunction add() {\n  list[0] = "a";\n}',
    'const state = { count: 0 };\nfunction add() {\n  state.count++;\n}',
    'const state = { count: 0 };\nfunction add() {\n  state.count += 1;\n}',
    'class A {\n  static count = 0;\n}',
  ])('takes %j for mutable state', (text) => {
    expect(mutableStateOf(file('gateway/a.ts', text))).not.toEqual([]);
  });

  test.each([
    'const limit = 3;',
    'const known: ReadonlySet<string> = new Set(["a"]);',
    'const byName: ReadonlyMap<string, number> = new Map([["a", 1]]);',
    'const words = ["a", "b"] as const;\nfunction has(word: string) {\n  return words.includes(word);\n}',
    'const table: Readonly<Record<string, number>> = { a: 1 };\nif (table.a === 1) run();',
    'function count() {\n  let n = 0;\n  return n++;\n}',
    'class A {\n  static readonly limit = 3;\n  static make() {}\n}',
  ])('takes %j for none', (text) => {
    expect(mutableStateOf(file('gateway/a.ts', text))).toEqual([]);
  });
});

/** Modules of Node that only compute, and `isIP` and `BlockList`, which live in a module that does more. */
function isPure(module: string, names: string): boolean {
  if (module === 'node:net')
    return /^\{ (BlockList, )?isIP(v4|v6)?(, isIPv6)?(, SocketAddress)? \}$/.test(names);
  if (module === 'node:crypto') return names === '{ createHash }';
  // It computes, and reaches nothing outside: what compresses answers (policy/compress/).
  if (module === 'node:zlib') return true;
  if (module === 'node:stream') return names === '{ Transform }';
  return module === 'node:path' || module === 'node:url' || module === 'node:util';
}

/** Packages that take tens of milliseconds and MiB to load. */
const DEAR = /^(@?fastify|undici|jose|openid-client|prom-client|pino-pretty|chokidar)\b/;

/** What reaches outside without an import: the process, the clock, the network, the terminal, chance. */
const IMPURE =
  /\bprocess\.|\bfetch\(|\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bset(Timeout|Interval|Immediate)\(|\bconsole\.|\bMath\.random\b/;

function isFastifyOrYaml({ from }: Import): boolean {
  return /^(@?fastify\b|yaml$)/.test(from);
}

/** The compiled configuration is what everybody knows; how it came about is config/'s own business. */
function isConfigurationSource({ from }: Import): boolean {
  return from.startsWith('gateway/config/');
}

/** `file imports what`, for each import that is meant. */
function importsThat(files: readonly SourceFile[], isMeant: (one: Import) => boolean): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter(isMeant).map(({ from }) => `${path} imports ${from}`),
  );
}

function fileOf(found: string): string {
  return found.slice(0, found.indexOf(' imports '));
}

function pathsOf(files: readonly SourceFile[]): string[] {
  return files.map(({ path }) => path);
}

function filesWith(files: readonly SourceFile[], pattern: RegExp): string[] {
  return pathsOf(files.filter((one) => pattern.test(codeOf(one))));
}

function isNotThisTest({ path }: SourceFile): boolean {
  return path !== 'gateway/architecture.test.ts';
}

/**
 * Declarations at the start of a line that can change: `let` and `var`; collections whose type does not forbid it; lists and objects
 * that something in the file writes into; static members.
 */
function mutableStateOf(one: SourceFile): string[] {
  const code = codeOf(one);
  const at = (what: string) => `${one.path}: ${what}`;
  const variables = matches(code, /^(?:export )?(?:let|var) (\w+)/gm);
  const collections = matches(
    code,
    /^(?:export )?const (\w+)(?:: (?!Readonly)[^=]+)? = new (?:Weak)?(?:Map|Set)\b/gm,
  );
  const literals = matches(code, /^(?:export )?const (\w+)(?:: [^=]+?)? = (?:\[|\{)/gm);
  const statics = matches(code, /^ {2}static (?!readonly|async)#?(\w+)(?=\s*[:=;])/gm);
  const written = literals.filter((name) => writesTo(name).test(code));
  return [...variables, ...collections, ...written, ...statics].map(at);
}

function matches(code: string, pattern: RegExp): string[] {
  return Array.from(code.matchAll(pattern), ([, name = '']) => name);
}

/** `x.y = 1`, `x[0] = 1`, `x.y++`, `x.push(1)`, `delete x.y`. */
function writesTo(name: string): RegExp {
  const member = `\\b${name}(?:\\.\\w+|\\[[^\\]]+\\])+`;
  const assigned = `${member}\\s*(?:[-+*/%&|^?]{0,2}=(?!=)|\\+\\+|--)`;
  return new RegExp(
    `${assigned}|delete ${member}|\\b${name}\\.(?:push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin)\\(`,
  );
}

function file(path: string, text: string): SourceFile {
  return { path, text, imports: importsOf(path, text) };
}
