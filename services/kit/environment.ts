import { resolve } from 'node:path';

/** The settings that a service reads from its process environment. */
export interface ServiceEnvironment {
  readonly name: string;
  readonly host: string;
  /** 0: any free port; the one that was taken stands in the log line `listening`. */
  readonly port: number;
  /** Absolute path of the folder that is this service's own. It need not exist yet. */
  readonly dataDir: string;
  /** Whether standard input is a pipe whose end means "your supervisor is gone". */
  readonly supervised: boolean;
  readonly logLevel: LogLevel;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];

type Variables = Readonly<Record<string, string | undefined>>;

/** A variable of the environment has a value that can't be used. */
export class EnvironmentError extends Error {}

/** @throws EnvironmentError that names the variable, what was expected and what was found. */
export function readEnvironment(name: string, defaultPort: number, variables: Variables): ServiceEnvironment {
  return {
    name,
    host: variables.HOST || '127.0.0.1',
    port: readPort(variables.PORT, defaultPort),
    dataDir: resolve(variables.DATA_DIR || `data/${name}`),
    supervised: variables.PORTWAY_SUPERVISED === '1',
    logLevel: readLogLevel(variables.LOG_LEVEL),
  };
}

/**
 * A whole number of the environment, such as a size limit.
 * @throws EnvironmentError for anything but digits, or a number outside `from`..`to`.
 */
export function readInteger(
  variables: Variables,
  name: string,
  defaults: { readonly value: number; readonly from: number; readonly to: number },
): number {
  const text = variables[name];
  if (text === undefined || text === '') return defaults.value;
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= defaults.from && value <= defaults.to) return value;
  throw new EnvironmentError(
    `${name}: expected a whole number from ${defaults.from} to ${defaults.to}, got "${text}"`,
  );
}

function readPort(text: string | undefined, defaultPort: number): number {
  return readInteger({ PORT: text }, 'PORT', { value: defaultPort, from: 0, to: 65535 });
}

function readLogLevel(text: string | undefined): LogLevel {
  if (text === undefined || text === '') return 'info';
  const level = logLevels.find((known) => known === text);
  if (level) return level;
  throw new EnvironmentError(`LOG_LEVEL: expected one of ${logLevels.join(', ')}, got "${text}"`);
}
