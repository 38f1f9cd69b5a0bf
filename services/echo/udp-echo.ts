import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Logger } from '../kit/log.ts';
import type { Service } from '../kit/service.ts';

// A forged sender on a well-known port (echo, chargen, DNS) would set two servers talking to each other for ever.
const lowestSenderPort = 1024;

/** Sends every datagram back to where it came from, the empty ones too. */
export function createUdpEcho(log: Logger): Service {
  let socket: Socket | undefined;
  let datagrams = 0;
  return {
    async listen(host, port) {
      const bound = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
      socket = bound;
      bound.on('message', (message, sender) => {
        if (isAnswerable(sender, bound)) {
          datagrams += 1;
          // A sender that can't be reached is no reason to stop: UDP promises nothing.
          bound.send(message, sender.port, sender.address, () => undefined);
        }
      });
      bound.bind({ address: host, port, exclusive: true });
      await once(bound, 'listening');
      bound.on('error', (error) => log.warn({ err: error }, 'the UDP socket had an error'));
      return bound.address().port;
    },
    async drain() {
      log.info({ datagrams }, 'datagrams echoed');
      if (!socket) return;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function isAnswerable(sender: RemoteInfo, own: Socket): boolean {
  return sender.port >= lowestSenderPort && sender.port !== own.address().port;
}
