import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A bare port of the configuration means these addresses, tried in turn. */
const loopback = ['127.0.0.1', '::1'] as const;

/** Whether something accepts TCP connections on the port of this machine, on either loopback address. */
export async function acceptsConnections(port: number, timeoutMs = 1000): Promise<boolean> {
  for (const host of loopback) {
    if (await accepts(host, port, timeoutMs)) return true;
  }
  return false;
}

/**
 * Asks until something accepts connections on the port: often at first, later five times a second.
 * @returns false when the signal came first.
 */
export async function untilAccepting(port: number, signal: AbortSignal): Promise<boolean> {
  for (let pauseMs = 20; !signal.aborted; pauseMs = Math.min(pauseMs * 1.3, 200)) {
    if (await acceptsConnections(port)) return !signal.aborted;
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
  return false;
}

/** The same for one address. */
export function accepts(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(timeoutMs, () => settle(false));
    socket.once('error', () => settle(false));
    // TCP lets a socket connect to itself if its own ephemeral port is the port it asks for (RFC 9293 §3.5, simultaneous open). No process
    // is there then, and the connection would keep the service from its own port.
    socket.once('connect', () => settle(socket.localPort !== port));
  });
}
