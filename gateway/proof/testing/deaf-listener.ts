import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { listening } from './free-port.ts';
import { Wire } from './wire.ts';

/** Listens, says where, and then never runs again: what the kernel can't queue any more gets no answer at all. */
const listener = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/**
 * Several connections of this machine come about, one after the other: an attempt that was begun before and that still waits then gets
 * no answer, however slow the machine is.
 */
export async function othersConnect(): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  const port = await listening(server);
  for (let other = 0; other < 3; other++) {
    const { socket } = new Wire(connect(port, '127.0.0.1'), 'a connection that is accepted');
    await once(socket, 'connect');
    socket.destroy();
  }
  await once(server.close(), 'close');
}

/** A port where a connection attempt hangs, as it does where a firewall swallows packets. */
export class DeafListener {
  readonly port: number;
  readonly #worker: Worker;
  readonly #waiting: Wire[] = [];

  private constructor(port: number, worker: Worker) {
    this.port = port;
    this.#worker = worker;
  }

  static async open(): Promise<DeafListener> {
    const worker = new Worker(listener, { eval: true });
    const [port] = (await once(worker, 'message')) as [number];
    const opened = new DeafListener(port, worker);
    await opened.#fill().catch(async (cause: Error) => {
      await opened.close();
      throw cause;
    });
    return opened;
  }

  async close(): Promise<void> {
    for (const wire of this.#waiting) wire.destroy();
    await this.#worker.terminate();
  }

  /** One attempt after the other fills the queue; the first that gets no answer shows that it is full. */
  async #fill(): Promise<void> {
    for (let filled = 0; filled < 16; filled++) {
      const wire = new Wire(connect(this.port, '127.0.0.1'), 'a connection that nobody accepts');
      this.#waiting.push(wire);
      await othersConnect();
      if (wire.socket.connecting) return;
    }
    throw new Error('the queue of the deaf port never filled');
  }
}
