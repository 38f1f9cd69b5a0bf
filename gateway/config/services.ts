/** The processes of `services:`, and ports that more than one of them wants. */

import { dirname, resolve } from 'node:path';
import type { Port, ServiceConfig } from '../model/config.ts';
import type { Listening } from './listening.ts';
import type { CheckedConfig } from './schema.ts';
import { keySpanAt, nodeAt, type SourceDocument } from './source.ts';

export function compileServices(
  checked: CheckedConfig,
  document: SourceDocument,
  file: string,
): ServiceConfig[] {
  const folder = dirname(file);
  return Object.entries(checked.services ?? {}).map(([name, service]) => {
    const { run, port = null, cwd = '.', env = {} } = 'port' in service ? service : { ...service };
    const span = keySpanAt(document.root, ['services', name])!;
    const source = document.lines.positionOf(span.start);
    return { name, source, run, port, cwd: resolve(folder, cwd), env };
  });
}

/** All processes run on one machine, so a port has one owner. */
export function reportSharedPorts(
  services: readonly ServiceConfig[],
  listening: readonly Listening[],
  document: SourceDocument,
): void {
  const owners = new Map<number, string>(listening.map(({ port, what }) => [port, what]));
  for (const { name, port } of services) {
    if (port === null) continue;
    const owner = owners.get(port);
    if (owner === undefined) owners.set(port, `the service ${name}`);
    else reportTaken(name, port, owner, document);
  }
}

function reportTaken(name: string, port: Port, owner: string, document: SourceDocument): void {
  const path = ['services', name, 'port'];
  document.problems.add(nodeAt(document.root, path)!.span, path, {
    expected: 'a port of its own',
    found: String(port),
    hint: `${owner} has it: two processes can't listen on one port`,
  });
}
