import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { RequestHead, readHead } from '../../testing/http-message.ts';
import { Wire } from '../../testing/wire.ts';
import { behaviours } from './behaviours.ts';
import { foreverMs, ServiceExchange } from './exchange.ts';
import type { Question, ServicePorts } from './question.ts';
import { datagramServer, echoServer } from './raw-ports.ts';
import { Tally } from './tally.ts';

/**
 * A service that misbehaves on demand, as a process of its own: what a request's path says happens to it. It counts what arrives, and
 * answers the harness's questions over the channel that Node opens between parent and child.
 *
 * Argument: the ports to listen on, as JSON.
 */
class ServiceProgram {
  readonly #tally = new Tally();
  readonly #connections = new Set<Socket>();
  readonly #busy = new Set<Socket>();

  async listen({ http, tcp, udp }: ServicePorts): Promise<void> {
    const web = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    const raw = echoServer().on('connection', (socket) => this.#keep(socket));
    for (const [server, port] of [
      [web, http],
      [raw, tcp],
    ] as const) {
      server.listen({ port, host: '127.0.0.1', backlog: 4096 });
      await once(server, 'listening');
    }
    await once(datagramServer().bind({ port: udp, address: '127.0.0.1' }), 'listening');
  }

  answer({ ask, tag }: Question): unknown {
    if (ask === 'busy') return this.#busy.size;
    if (ask === 'tally') return this.#tally.counted(tag);
    for (const socket of this.#connections) socket.destroy();
    return null;
  }

  #keep(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
  }

  #accept(socket: Socket): void {
    this.#keep(socket);
    const wire = new Wire(socket, 'a connection of the gateway');
    this.#serve(wire)
      .catch(() => {})
      .finally(() => {
        this.#busy.delete(socket);
        wire.destroy();
      });
  }

  async #serve(wire: Wire): Promise<void> {
    for (let before = 0; ; before++) {
      const head = new RequestHead(await readHead(wire, 'a request', foreverMs));
      const exchange = new ServiceExchange(head, wire, before, this.#tally);
      this.#busy.add(wire.socket);
      const behaviour = behaviours[exchange.behaviour] ?? behaviours.ok!;
      if ((await behaviour(exchange)) === 'over') return;
      this.#busy.delete(wire.socket);
    }
  }
}

const program = new ServiceProgram();
await program.listen(JSON.parse(process.argv[2]!) as ServicePorts);
process.on('message', (question: Question) =>
  process.send!({ id: question.id, answer: program.answer(question) }),
);
// The harness has ended, so the service ends too.
process.on('disconnect', () => process.exit(0));
process.send!({ id: 0, answer: 'listening' });
