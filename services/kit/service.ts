import type { ServiceEnvironment } from './environment.ts';
import type { Logger } from './log.ts';

/** What each service is made of. */
export interface ServiceParts {
  readonly environment: ServiceEnvironment;
  readonly log: Logger;
}

/** What runs in a service's process: something that accepts, and that can be asked to stop doing so. */
export interface Service {
  /** Begins to accept. Resolves to the port, which matters where 0 was asked for. Rejects with the system's error. */
  listen(host: string, port: number): Promise<number>;
  /** Stops accepting, lets what is under way finish, ends what is left after `deadlineMs`, and frees what it holds. */
  drain(deadlineMs: number): Promise<void>;
}
