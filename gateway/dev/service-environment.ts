import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { ServiceConfig } from '../model/config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentOptions {
  /** Whether the service's output is shown in colour, which it can't see through a pipe. */
  readonly colours: boolean;
  /** Path of the Node that runs us. */
  readonly node: string;
}

/**
 * The environment of a service: ours, `PORT`, `PORTWAY_SUPERVISED=1` (end when standard input ends), and the configured variables, which
 * take precedence.
 */
export function serviceEnvironment(
  service: ServiceConfig,
  base: Environment,
  options: EnvironmentOptions,
): NodeJS.ProcessEnv {
  const { PORT: _ours, ...inherited } = base;
  // Windows spells it `Path`, and keeps only one of two spellings.
  const path = Object.keys(base).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  return {
    ...inherited,
    [path]: pathWithNode(base[path], options.node),
    PORTWAY_SUPERVISED: '1',
    ...(options.colours && base.FORCE_COLOR === undefined ? { FORCE_COLOR: '1' } : {}),
    ...(service.port === null ? {} : { PORT: String(service.port) }),
    ...service.env,
  };
}

/**
 * `node` in a command line must be the one that runs us: an older one of the system knows no TypeScript. Where it is already, the
 * order stays as it is, because our folder may be /usr/bin, which must not come before a virtual environment's.
 */
function pathWithNode(path: string | undefined, node: string): string {
  const folders = (path ?? '').split(delimiter).filter((folder) => folder !== '');
  const first = folders.map((folder) => join(folder, 'node')).find(isExecutable);
  if (first !== undefined && realpathSync(first) === realpathSync(node)) return folders.join(delimiter);
  return [dirname(node), ...folders].join(delimiter);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
