import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { RawClient } from '../../testing/http-client.ts';
import { ask, Load, problemOf } from '../../testing/load.ts';
import { handshake } from '../../testing/websocket.ts';
import type { MixedScene } from './mixed-scene.ts';

const patienceMs = 10_000;

/** The requests of the healthy clients, and their failures. */
export interface HealthyResult {
  readonly counts: string;
  readonly failures: readonly string[];
}

/** Clients that send requests to the healthy routes all the time: over kept connections and new ones, with bodies, through tunnels and raw ports. */
export class HealthyClients {
  readonly #scene: MixedScene;
  readonly #failures: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #load: Load;
  readonly #loops: Promise<void>[] = [];
  #over = false;

  private constructor(scene: MixedScene) {
    this.#scene = scene;
    const { port } = scene.gateway;
    this.#load = new Load({ port, target: () => '/steady/ok?bytes=500', clients: 4, pauseMs: 20 });
  }

  static async start(scene: MixedScene): Promise<HealthyClients> {
    const clients = new HealthyClients(scene);
    const webSocket = await opened(scene.gateway.port, handshake('/steady/socket'));
    await webSocket.head(patienceMs);
    const raw = await opened(scene.tcpPort, '');
    const datagrams = createSocket('udp4');
    await once(datagrams.bind(0, '127.0.0.1'), 'listening');
    clients.#run('uploads', () => clients.#upload());
    clients.#run('WebSocket messages', (turn) => echoed(webSocket, turn));
    clients.#run('TCP messages', (turn) => echoed(raw, turn));
    clients.#run('datagrams', (turn) => answered(datagrams, scene.udpPort, turn));
    clients.#run('answers', () => clients.#fold());
    clients.#loops.push(clients.#closed(() => [webSocket, raw].map((each) => each.destroy()), datagrams));
    return clients;
  }

  async stop(): Promise<HealthyResult> {
    this.#over = true;
    await Promise.all(this.#loops);
    await this.#load.stop();
    await this.#fold();
    const counts = [...this.#counts].map(([what, count]) => `${count} ${what}`).join(', ');
    return { counts, failures: this.#failures };
  }

  #run(what: string, turn: (turn: number) => Promise<number | undefined>): void {
    const loop = async () => {
      for (let count = 0; !this.#over; count++) {
        const done = await turn(count).catch((error: Error) => this.#failed(what, error.message));
        this.#counts.set(what, (this.#counts.get(what) ?? 0) + (done ?? 1));
        await pause(20);
      }
    };
    this.#loops.push(loop());
  }

  async #upload(): Promise<undefined> {
    const body = 'x'.repeat(20_000);
    const asked = await ask(this.#scene.gateway.port, '/steady/take', { method: 'POST', body });
    const problem =
      problemOf(asked) ?? (asked.text === '20000' ? null : `the service got ${asked.text} bytes`);
    if (problem !== null) this.#failed('upload', problem);
  }

  /** Takes over what the load has seen since. */
  async #fold(): Promise<number> {
    const asked = this.#load.take();
    for (const each of asked) {
      const problem = problemOf(each);
      if (problem !== null) this.#failed('answer', problem);
    }
    return asked.length;
  }

  #failed(what: string, problem: string): undefined {
    this.#failures.push(`${what}: ${problem}`);
  }

  async #closed(closeAll: () => unknown, datagrams: Socket): Promise<void> {
    while (!this.#over) await pause(50);
    await pause(100);
    closeAll();
    datagrams.close();
  }
}

async function opened(port: number, bytes: string): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const client = new RawClient(socket, `healthy client of ${port}`);
  await client.send(bytes);
  return client;
}

async function echoed(client: RawClient, turn: number): Promise<undefined> {
  const text = `message ${turn}`;
  await client.send(text);
  const back = (await client.bytes(text.length, patienceMs)).toString();
  if (back !== text) throw new Error(`${back} in place of ${text}`);
}

/** UDP may lose a datagram; each one that comes must be one that was sent. */
async function answered(socket: Socket, port: number, turn: number): Promise<undefined> {
  const text = `datagram ${turn}`;
  for (let attempt = 0; attempt < 20; attempt++) {
    const back = once(socket, 'message', { signal: AbortSignal.timeout(500) }).catch(() => null);
    socket.send(text, port, '127.0.0.1');
    const came = await back;
    if (`${came?.[0]}` === text) return;
  }
  throw new Error(`no answer to ${text}`);
}
