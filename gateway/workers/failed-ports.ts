import cluster from 'node:cluster';
import net from 'node:net';

/**
 * Closes handles of ports that a worker failed to open. A worker that accepts by itself has a handle for the port when it finds it taken;
 * Node 26 forgets to close that handle, and ends the process by an assertion when the same port is tried again. There is no public name for
 * this (docs/private-parts.md).
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
