import { createServer, connect as dial, type Socket } from 'node:net';
import { proxyArguments } from './arguments.ts';

// The floor of Node: one read and one write on either side, and the least reading of heads that makes a relay of it. It takes requests
// without a body, each head in one piece, and answers with a Content-Length. What a gateway costs above this is the price of being one.
const { port, origin, pathPrefix } = proxyArguments();
const { hostname: host, port: originPort } = new URL(origin);
const idle: Service[] = [];

/** A connection to the origin, and the client whose answer is on its way. */
class Service {
  readonly #socket = dial({ host, port: Number(originPort), noDelay: true });
  #client: Socket | null = null;
  #bytesLeft = 0;

  constructor() {
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes)).on('error', () => this.#client?.destroy());
  }

  ask(client: Socket, head: string): void {
    this.#client = client;
    this.#socket.write(head, 'latin1');
  }

  #read(bytes: Buffer): void {
    if (this.#bytesLeft === 0) return this.#readHead(bytes);
    this.#bytesLeft -= bytes.length;
    this.#client?.write(bytes);
    if (this.#bytesLeft === 0) idle.push(this);
  }

  #readHead(bytes: Buffer): void {
    const end = bytes.indexOf('\r\n\r\n') + 4;
    const lines = bytes.toString('latin1', 0, end - 4).split('\r\n');
    const length = lines.find((line) => /^content-length:/i.test(line))!;
    this.#bytesLeft = Number(length.slice(15)) - (bytes.length - end);
    this.#client?.write(`${endToEnd(lines)}\r\n${bytes.toString('latin1', end)}`, 'latin1');
    if (this.#bytesLeft === 0) idle.push(this);
  }
}

createServer({ noDelay: true }, (client) => {
  client
    .on('error', () => {})
    .on('data', (bytes: Buffer) => {
      const [first = '', ...fields] = bytes.toString('latin1', 0, bytes.indexOf('\r\n\r\n')).split('\r\n');
      const head = endToEnd([first.replace(pathPrefix, ''), ...fields]);
      (idle.pop() ?? new Service()).ask(client, `${head}X-Forwarded-For: ${client.remoteAddress}\r\n\r\n`);
    });
}).listen(port, '127.0.0.1');

function endToEnd(lines: readonly string[]): string {
  let text = '';
  for (const line of lines) if (!/^(?:connection|keep-alive|te|upgrade):/i.test(line)) text += `${line}\r\n`;
  return text;
}
