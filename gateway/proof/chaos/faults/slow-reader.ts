import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../testing/free-port.ts';
import type { GatewayChild } from '../../testing/gateway-child.ts';
import { get, type RawClient } from '../../testing/http-client.ts';
import { ask } from '../../testing/load.ts';
import { handshake } from '../../testing/websocket.ts';
import type { Fault } from '../fault.ts';
import type { Stage } from '../stage.ts';

const mebibyte = 1024 * 1024;
const sliceBytes = 4 * mebibyte;
const growthMaxMiB = 32;

/** Comes to the first byte of a large body. */
type Opening = (client: RawClient, bytes: number) => Promise<void>;

export const slowReader: readonly Fault[] = [
  slow('http', 'an HTTP answer', async (client, bytes) => {
    await client.send(get(`/svc/large?bytes=${bytes}`));
    await client.head();
  }),
  slow('websocket', 'a WebSocket', async (client, bytes) => {
    await client.send(handshake(`/svc/socket?bytes=${bytes}`));
    await client.head();
  }),
  slow('tcp', 'a raw TCP stream', (client, bytes) => client.send(`large ${bytes}\n`)),
];

function slow(id: string, inWords: string, open: Opening): Fault {
  return {
    id: `slow-reader-${id}`,
    done: `a client takes 1 GiB (short form: 256 MiB) of ${inWords} in slices, with a pause behind each`,
    holds: `all of it comes, and the memory of the gateway grows by less than ${growthMaxMiB} MiB`,
    limitMs: 180_000,
    async run(stage, seen) {
      const bytes = stage.either(256, 1024) * mebibyte;
      const service = await stage.service();
      const tcpPort = await freePort();
      const gateway = await stage.gateway(
        `routes: { /svc: ${service.ports.http} }\nstreams: { tcp: { ${tcpPort}: 127.0.0.1:${service.ports.tcp} } }\n`,
      );
      await warmUp(gateway);
      const before = gateway.residentBytes();
      const client = await stage.connect(id === 'tcp' ? tcpPort : gateway.port);
      await open(client, bytes);
      const most = await readSlowly(stage, gateway, client, bytes);
      seen.note(`${bytes / mebibyte} MiB came`);
      seen.atMost('grew by', (most - before) / mebibyte, growthMaxMiB, ' MiB');
      seen.equal('bytes too many', client.unread().length, 0);
    },
  };
}

/** Work of every kind but large: what the engine allocates for itself is there before anything is measured. */
async function warmUp(gateway: GatewayChild): Promise<void> {
  for (let turn = 0; turn < 1_000; turn++) await ask(gateway.port, '/svc/ok');
}

/** @returns the most memory that the gateway had meanwhile, in bytes. */
async function readSlowly(
  stage: Stage,
  gateway: GatewayChild,
  client: RawClient,
  bytes: number,
): Promise<number> {
  let most = 0;
  for (let taken = 0; taken < bytes; taken += sliceBytes) {
    await client.discard(sliceBytes, 20_000);
    await pause(10);
    most = Math.max(most, gateway.residentBytes());
    if (taken > 0 && taken % (256 * mebibyte) === 0) stage.progress(`${taken / mebibyte} MiB`);
  }
  return most;
}
