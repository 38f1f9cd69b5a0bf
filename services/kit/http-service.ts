import type { Server } from 'node:http';
import { logAccess } from './access-log.ts';
import type { ServiceEnvironment } from './environment.ts';
import { createHttpDrain } from './http-drain.ts';
import type { Logger } from './log.ts';
import type { Service } from './service.ts';

export interface HttpServiceHooks {
  /** Ends what would never finish by itself (event streams, WebSockets). Called when draining begins. */
  readonly beginDrain?: () => void;
  /** Frees what the requests needed, such as a database. Called when no connection is left. */
  readonly close?: () => void | Promise<void>;
}

export interface HttpServiceParts {
  readonly log: Logger;
  readonly environment: Pick<ServiceEnvironment, 'supervised'>;
}

/** Makes a service of an HTTP server: time limits, an access log, and a drain. */
export function httpService(server: Server, parts: HttpServiceParts, hooks: HttpServiceHooks = {}): Service {
  const { log, environment } = parts;
  const drain = createHttpDrain(server);
  limitTimes(server);
  // `portway dev` shows a line for each exchange already, with route and endpoint.
  logAccess(server, log, environment.supervised ? 'debug' : 'info');
  return {
    listen: (host, port) => listen(server, host, port),
    async drain(deadlineMs) {
      hooks.beginDrain?.();
      await drain.drain(deadlineMs);
      await hooks.close?.();
    },
  };
}

function limitTimes(server: Server): void {
  // Longer than the gateway keeps an idle connection in its pool: the side that closes first must be the one that sends.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 10_000;
  // A large upload over a slow line may take hours; what is limited is the silence between two pieces.
  server.requestTimeout = 0;
  server.timeout = 120_000;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
