/** The processes of `services:` and those that stand beside a route, and ports that more than one of them wants. */

import { dirname, resolve } from 'node:path';
import { parseServiceName, type Target } from '../keys/target.ts';
import type { Port, ServiceConfig } from '../model/config.ts';
import type { Listening } from './listening.ts';
import { formsOf, isAlternatives } from './route-forms.ts';
import type { CheckedRoute } from './route-schema.ts';
import type { CheckedConfig } from './schema.ts';
import type { CheckedService } from './service-schema.ts';
import { keySpanAt, type PathKey } from './source.ts';
import { reportKey, reportValue, type SourceDocument } from './source-document.ts';

/** A process, and its place in the file. */
export interface PlacedService {
  readonly name: string;
  readonly form: CheckedService;
  readonly path: readonly PathKey[];
  /** The path of the value with its port. */
  readonly portPath: readonly PathKey[];
}

/** All processes; faults of their names and places go to the document's problems. */
export function placedServices(checked: CheckedConfig, document: SourceDocument): PlacedService[] {
  const listed = Object.entries(checked.services ?? {}).map(([name, value]): PlacedService => {
    const path = ['services', name];
    return { name, form: 'port' in value ? value : { ...value }, path, portPath: [...path, 'port'] };
  });
  const beside = Object.entries(checked.routes).flatMap(([key, value]) =>
    formsOf(value).flatMap((form, index) => {
      const path = isAlternatives(value) ? ['routes', key, index] : ['routes', key];
      return form.run === undefined ? [] : besideRoute(form, form.run, key, index, path, document);
    }),
  );
  const names = new Set(listed.map(({ name }) => name));
  for (const { name, path } of beside) {
    if (names.has(name)) reportSameName(name, path, document);
    names.add(name);
  }
  return [...listed, ...beside];
}

function besideRoute(
  form: CheckedRoute,
  run: string,
  key: string,
  index: number,
  path: readonly PathKey[],
  document: SourceDocument,
): PlacedService[] {
  const port = portHere(form.to);
  if (port === null) {
    reportKey(document, [...path, 'run'], {
      expected: 'no `run` here',
      found: 'a process without a port of its own',
      hint: '`to` has to be one port of this machine, or auto: /api: { to: 4000, run: npm run dev }',
    });
    return [];
  }
  const { cwd, env, watch } = form;
  const service = { run, port, cwd, env, watch };
  return [
    { name: serviceNameOf(key, index), form: service, path: [...path, 'run'], portPath: [...path, 'to'] },
  ];
}

/** The name of the process behind a route: `api` for `/api`, `shop.test-cart` for `shop.test/cart`. */
export function serviceNameOf(key: string, index: number): string {
  const name = key.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9]+|-+$/g, '');
  return `${parseServiceName(name).ok ? name : 'root'}${index === 0 ? '' : `-${index + 1}`}`;
}

function portHere(to: CheckedRoute['to']): Port | 'auto' | null {
  if (to === undefined || Array.isArray(to)) return null;
  const target = 'at' in to ? to.at : (to as Target);
  if (target.kind === 'port') return target.port;
  if (target.kind === 'service') return target.name === null ? 'auto' : null;
  if (target.kind !== 'tcp') return null;
  return target.host === '127.0.0.1' || target.host === '::1' ? target.port : null;
}

function reportSameName(name: string, path: readonly PathKey[], document: SourceDocument): void {
  reportKey(document, path, {
    expected: 'a process that no other has the name of',
    found: `a second ${name}`,
    hint: 'write it under `services:`, with a name of its own',
  });
}

/** The port of each that has one. */
export function portsOf(placed: readonly PlacedService[]): ReadonlyMap<string, Port | 'auto'> {
  return new Map(placed.flatMap(({ name, form: { port } }) => (port === undefined ? [] : [[name, port]])));
}

export function compileServices(
  placed: readonly PlacedService[],
  document: SourceDocument,
  file: string,
): ServiceConfig[] {
  const folder = dirname(file);
  return placed.map(({ name, form, path }) => {
    const { run, port, cwd = '.', env = {}, watch = [] } = form;
    const span = keySpanAt(document.root, path)!;
    return {
      name,
      source: document.lines.positionOf(span.start),
      run,
      port: typeof port === 'number' ? port : null,
      freePort: port === 'auto',
      cwd: resolve(folder, cwd),
      env,
      watch,
    };
  });
}

/** All processes run on one machine, so a port has one owner. */
export function reportSharedPorts(
  placed: readonly PlacedService[],
  listening: readonly Listening[],
  document: SourceDocument,
): void {
  const owners = new Map<number, string>(listening.map(({ port, what }) => [port, what]));
  for (const { name, form, portPath } of placed) {
    if (typeof form.port !== 'number') continue;
    const owner = owners.get(form.port);
    if (owner === undefined) owners.set(form.port, `the service ${name}`);
    else reportTaken(portPath, form.port, owner, document);
  }
}

function reportTaken(path: readonly PathKey[], port: Port, owner: string, document: SourceDocument): void {
  reportValue(document, path, {
    expected: 'a port of its own',
    found: String(port),
    hint: `${owner} has it: two processes can't listen on one port`,
  });
}

/** Each worker compiles the file for itself, and would find another free port. */
export function reportFreePortsOfWorkers(placed: readonly PlacedService[], document: SourceDocument): void {
  for (const { form, portPath } of placed) {
    if (form.port !== 'auto') continue;
    reportValue(document, portPath, {
      expected: 'a port, where there are workers',
      found: '"auto"',
      hint: 'a free port is found by the one process of a gateway without `workers`',
    });
  }
}
