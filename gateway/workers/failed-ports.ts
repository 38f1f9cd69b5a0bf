import cluster from 'node:cluster';
import net from 'node:net';

/**
 * Where a worker accepts by itself, a port that is taken is found by the worker, which has a handle for it by then. Node 26 forgets to close that
 * handle, and ends the process by an assertion when the same port is tried again. Here it is closed. What does this has no public name
 * (docs/private-parts.md).
 */
export function closeFailedPorts(): void {
  const internals = cluster as Internals;
  const ask = internals._getServer;
  if (!ask) return;
  internals._getServer = (server, where, done) =>
    ask(server, where, (failure, handle) => {
      done(failure, handle);
      if (server instanceof net.Server && !server.listening) handle?.close();
    });
}

/** How a server in a worker asks the primary for its port: internal/cluster/child in Node's source. */
interface Internals {
  _getServer?: (server: object, where: object, done: Done) => void;
}

type Done = (failure: number, handle: { close(): void } | null) => void;
