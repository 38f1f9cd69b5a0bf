import { createServer } from 'node:net';
import { placeServices } from '../config/endpoint.ts';
import type { GatewayConfig, Port } from '../model/config.ts';
import { acceptsConnections } from './port-probe.ts';

/** Below the ports that systems give to outgoing connections (Linux from 32768, macOS and Windows from 49152). */
const FIRST = 20_000;
const COUNT = 10_000;

/**
 * A free port for each service that has `port: auto`. It is found from the service's name, so that the next `portway dev` finds the same
 * one where it can: addresses in browsers, cookies and callbacks stay good. A service keeps its port as long as we live.
 */
export class FreePorts {
  readonly #ports = new Map<string, Port>();

  /** The configuration with those ports in it. @throws Error where none is free. */
  async place(config: GatewayConfig): Promise<GatewayConfig> {
    const wanting = config.services.filter(({ freePort }) => freePort);
    if (wanting.length === 0) return config;
    const taken = new Set<number>([config.port, config.admin?.port ?? 0, ...this.#ports.values()]);
    for (const { port } of config.services) if (port !== null) taken.add(port);
    for (const { listen } of config.streams) taken.add(listen.port);
    for (const { name } of wanting) {
      if (this.#ports.has(name)) continue;
      const port = await freePort(`${config.file} ${name}`, taken);
      taken.add(port);
      this.#ports.set(name, port);
    }
    return placeServices(config, this.#ports);
  }
}

async function freePort(seed: string, taken: ReadonlySet<number>): Promise<Port> {
  const start = hashOf(seed) % COUNT;
  for (let step = 0; step < COUNT; step++) {
    const port = FIRST + ((start + step) % COUNT);
    if (!taken.has(port) && (await isFree(port))) return port as Port;
  }
  throw new Error(`no port from ${FIRST} to ${FIRST + COUNT - 1} is free`);
}

/** Nothing answers on either loopback address, and it can be listened on. */
async function isFree(port: number): Promise<boolean> {
  if (await acceptsConnections(port)) return false;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
