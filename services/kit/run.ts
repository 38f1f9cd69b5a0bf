import { EnvironmentError, readEnvironment, type ServiceEnvironment } from './environment.ts';
import { createLog, type Logger } from './log.ts';
import type { Service, ServiceParts } from './service.ts';

export interface ServiceDefinition {
  /** The folder, the name in the log and the default of `DATA_DIR`. */
  readonly name: string;
  readonly defaultPort: number;
  create(parts: ServiceParts): Service | Promise<Service>;
}

const drainDeadlineMs = 10_000;

/**
 * The life of a service's process: read the environment, create, listen, say so in one log line (`"msg":"listening"`
 * with `port`), serve, drain when asked to, exit 0. A start that fails is one line on standard error and exit 1 (2 for
 * the environment).
 */
export async function runService(definition: ServiceDefinition): Promise<void> {
  const environment = environmentOrExit(definition);
  const log = createLog(environment);
  const service = await startOrExit(definition, environment, log);
  onStopRequest(environment, (reason) => void stop(service, log, reason));
}

function environmentOrExit(definition: ServiceDefinition): ServiceEnvironment {
  try {
    return readEnvironment(definition.name, definition.defaultPort, process.env);
  } catch (error) {
    return exitWith(definition.name, messageOf(error), error instanceof EnvironmentError ? 2 : 1);
  }
}

async function startOrExit(
  definition: ServiceDefinition,
  environment: ServiceEnvironment,
  log: Logger,
): Promise<Service> {
  try {
    const service = await definition.create({ environment, log });
    const port = await service.listen(environment.host, environment.port);
    log.info({ host: environment.host, port, dataDir: environment.dataDir }, 'listening');
    return service;
  } catch (error) {
    if (error instanceof EnvironmentError) return exitWith(definition.name, error.message, 2);
    return exitWith(definition.name, startFailure(error, environment), 1);
  }
}

async function stop(service: Service, log: Logger, reason: string): Promise<void> {
  try {
    const drained = service.drain(drainDeadlineMs);
    // Said when it is true: from here on nothing new is accepted.
    log.info({ reason }, 'draining');
    await drained;
    log.info('stopped');
    process.exit(0);
  } catch (error) {
    log.fatal({ err: error }, 'stopping failed');
    process.exit(1);
  }
}

function startFailure(error: unknown, environment: ServiceEnvironment): string {
  const where = `port ${environment.port} on ${environment.host}`;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `${where} is taken by another process; stop that one, or set PORT to a free port`;
    case 'EACCES':
      return `${where} or ${environment.dataDir} may not be used by this user; set PORT above 1023, or DATA_DIR to a folder that it may write`;
    case 'EADDRNOTAVAIL':
      return `${environment.host} is not an address of this machine; set HOST to one that is`;
    default:
      return `could not start: ${messageOf(error)}`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function exitWith(name: string, line: string, code: number): never {
  process.stderr.write(`${name}: ${line}\n`);
  process.exit(code);
}

/**
 * Calls back once when the process is asked to stop: SIGTERM, SIGINT, or the end of standard input where a supervisor
 * holds its other end (a supervisor that is killed can't send a signal, but its pipes close). A second signal ends the
 * process at once.
 */
function onStopRequest(
  environment: Pick<ServiceEnvironment, 'supervised'>,
  stop: (reason: string) => void,
): void {
  let stopping = false;
  const request = (reason: string) => {
    if (stopping) return;
    stopping = true;
    stop(reason);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => (stopping ? process.exit(1) : request(signal)));
  }
  if (environment.supervised) watchInput(request);
}

function watchInput(request: (reason: string) => void): void {
  const gone = () => request('the supervisor is gone');
  process.stdin.on('end', gone).on('close', gone).on('error', gone).resume();
}
