import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, problemOf } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import type { Fault } from '../fault.ts';
import type { Stage } from '../stage.ts';

const mebibyte = 1024 * 1024;

export const datagrams: readonly Fault[] = [
  {
    id: 'udp-source-gone',
    done: 'a hundred UDP clients ask and vanish before the answers come',
    holds: 'answers to vanished clients do no harm; other clients get theirs; the sessions end',
    async run(stage, seen) {
      const { udpPort } = await stage.scene();
      for (let count = 0; count < 100; count++) {
        const client = await datagramClient(stage);
        await client.send('late 200', udpPort);
        client.socket.close();
      }
      const other = await datagramClient(stage);
      seen.equal('another client got', await other.exchange('here', udpPort), 'here');
      await pause(300);
      seen.equal('and later', await other.exchange('still here', udpPort), 'still here');
    },
  },
  {
    id: 'udp-reply-flood',
    done: 'a service answers each of ten datagrams by thousands, to clients that read slowly',
    holds: 'memory grows by less than 32 MiB; other clients and routes are answered meanwhile',
    async run(stage, seen) {
      const { gateway, udpPort } = await stage.scene();
      const before = gateway.residentBytes();
      const clients = await Promise.all(Array.from({ length: 10 }, () => datagramClient(stage)));
      for (const client of clients) await client.send(`flood ${stage.either(3_000, 20_000)}`, udpPort);
      const other = await datagramClient(stage);
      const problem = problemOf(await ask(gateway.port, '/steady/ok'));
      seen.none('failures of the HTTP route meanwhile', problem === null ? [] : [problem]);
      seen.equal('another client got', await other.exchange('here', udpPort), 'here');
      await pause(stage.either(300, 1_500));
      const arrived = clients.reduce((sum, { received }) => sum + received.length, 0);
      seen.atLeast('datagrams of the flood that came', arrived, 1);
      seen.atMost('grew by', (gateway.residentBytes() - before) / mebibyte, 32, ' MiB');
    },
  },
];

/** A UDP client; it goes with the row. */
async function datagramClient(stage: Stage): Promise<DatagramClient> {
  const socket = createSocket('udp4');
  await once(socket.bind(0, '127.0.0.1'), 'listening');
  const client = new DatagramClient(socket);
  stage.atRowEnd(() => client.close());
  return client;
}

class DatagramClient {
  readonly socket: Socket;
  readonly received: string[] = [];
  #open = true;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#open = false;
    });
    socket.on('message', (data) => this.received.push(data.toString('latin1')));
  }

  send(text: string, port: number): Promise<void> {
    return new Promise((resolve) => this.socket.send(text, port, '127.0.0.1', () => resolve()));
  }

  /** Sends it until its echo comes, as anybody who speaks over UDP has to. @returns the echo, or what came instead. */
  async exchange(text: string, port: number): Promise<string> {
    const back = async () => {
      if (this.received.includes(text)) return true;
      await this.send(text, port);
      await pause(50);
      return this.received.includes(text);
    };
    await until(`"${text}" comes back`, back, 5_000);
    return this.received.find((each) => each === text) ?? '';
  }

  close(): void {
    if (this.#open) this.socket.close();
  }
}
