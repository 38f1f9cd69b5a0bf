import type { Server, ServerResponse } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';

/** Lets an HTTP server's exchanges finish. Made before the server listens, because it must see every response. */
export interface HttpDrain {
  readonly draining: boolean;
  /** Resolves when the last connection is closed, after `deadlineMs` at the latest. */
  drain(deadlineMs: number): Promise<void>;
}

/**
 * `server.close()` alone keeps a connection open whose exchange ends after the call, until its keep-alive time is
 * over; so responses under way are told to close theirs, and idle connections are looked for again and again.
 */
export function createHttpDrain(server: Server): HttpDrain {
  const underWay = new Set<ServerResponse>();
  let draining = false;
  server.prependListener('request', (_request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (draining) response.shouldKeepAlive = false;
  });
  return {
    get draining() {
      return draining;
    },
    async drain(deadlineMs) {
      draining = true;
      for (const response of underWay) response.shouldKeepAlive = false;
      await closeWithin(server, deadlineMs);
    },
  };
}

async function closeWithin(server: Server, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const timer = new AbortController();
  try {
    await Promise.race([closed, after(deadlineMs, undefined, { signal: timer.signal })]);
    server.closeAllConnections();
  } finally {
    clearInterval(sweep);
    timer.abort();
  }
}
