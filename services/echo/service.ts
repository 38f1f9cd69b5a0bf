import { readInteger } from '../kit/environment.ts';
import type { Logger } from '../kit/log.ts';
import type { Service } from '../kit/service.ts';
import { createTcpEcho, type TcpEchoLimits } from './tcp-echo.ts';
import { createUdpEcho } from './udp-echo.ts';

const attempts = 10;

/**
 * The notes' raw sockets: TCP and UDP echo on one port. It speaks no HTTP, so its health is that a connection opens
 * and bytes come back.
 */
export function createEchoService({ log }: { readonly log: Logger }): Service {
  const limits = readLimits();
  let running: readonly Service[] = [];
  return {
    async listen(host, port) {
      for (let attempt = 1; ; attempt += 1) {
        const [tcp, udp] = [createTcpEcho(log, limits), createUdpEcho(log)];
        const taken = await tcp.listen(host, port);
        try {
          await udp.listen(host, taken);
          running = [tcp, udp];
          return taken;
        } catch (error) {
          await tcp.drain(0);
          // "Any free port" has to be free for both; it was for TCP alone.
          if (port !== 0 || attempt === attempts) throw error;
        }
      }
    },
    async drain(deadlineMs) {
      await Promise.all(running.map((service) => service.drain(deadlineMs)));
    },
  };
}

function readLimits(): TcpEchoLimits {
  return {
    maxConnections: readInteger(process.env, 'ECHO_MAX_CONNECTIONS', {
      value: 10_000,
      from: 1,
      to: 1_000_000,
    }),
    idleMs: readInteger(process.env, 'ECHO_IDLE_MS', { value: 300_000, from: 10, to: 86_400_000 }),
  };
}
