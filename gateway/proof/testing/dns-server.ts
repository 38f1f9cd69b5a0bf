import dgram from 'node:dgram';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { markKitSocket } from './wire.ts';

/** A record as a test writes it. Addresses of either family, or the target of an SRV record. */
export type NameRecord =
  | string
  | { readonly target: string; readonly port: number; readonly priority: number; readonly weight: number };

/** The server's reply for a name. `REFUSES`: an error of the server, not an answer. */
type Said = { readonly records: readonly NameRecord[]; readonly ttlSeconds: number } | typeof REFUSES;

const REFUSES = 'refuses';

/** A name server over UDP (RFC 1035) whose records a test sets. Other names do not exist. */
export class NameServer {
  readonly port: number;
  /** Names that were asked for, each as often as it was: A and AAAA count as one question. */
  readonly asked: string[] = [];
  /** Whether it answers no questions. */
  silent = false;
  readonly #socket: dgram.Socket;
  readonly #names = new Map<string, Said>();

  private constructor(socket: dgram.Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (question, { port, address }) => {
      if (!this.silent) socket.send(this.#answer(question), port, address);
    });
  }

  /** On a free port of this machine. */
  static async open(): Promise<NameServer> {
    const socket = markKitSocket(dgram.createSocket('udp4'));
    await once(socket.bind(0, '127.0.0.1'), 'listening');
    return new NameServer(socket);
  }

  /** As `resolver:` wants it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** From now on the name stands for these. */
  set(name: string, records: readonly NameRecord[], ttlSeconds = 1): this {
    this.#names.set(name, { records, ttlSeconds });
    return this;
  }

  /** From now on the name does not exist. */
  forget(name: string): void {
    this.#names.delete(name);
  }

  /** From now on the server fails when it is asked for the name. */
  fail(name: string): void {
    this.#names.set(name, REFUSES);
  }

  timesAsked(name: string): number {
    return this.asked.filter((one) => one === name).length;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #answer(message: Buffer): Buffer {
    const { name, type, end } = questionOf(message);
    if (type !== AAAA) this.asked.push(name);
    const said = this.#names.get(name);
    const known = said === undefined || said === REFUSES ? [] : said.records;
    const ttlSeconds = said === undefined || said === REFUSES ? 0 : said.ttlSeconds;
    const answers = known
      .filter((record) => typeOf(record) === type)
      .map((record) => resource(record, ttlSeconds));
    const head = Buffer.from(message.subarray(0, 12));
    // An answer, recursion available; 2: the server failed; 3: no such name (RFC 1035 §4.1.1).
    head.writeUInt16BE(0x8180 | (said === REFUSES ? 2 : said === undefined ? 3 : 0), 2);
    head.writeUInt16BE(answers.length, 6);
    head.writeUInt32BE(0, 8);
    return Buffer.concat([head, message.subarray(12, end), ...answers]);
  }
}

const A = 1;
const AAAA = 28;
const SRV = 33;

function questionOf(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length !== 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

function typeOf(record: NameRecord): number {
  if (typeof record !== 'string') return SRV;
  return record.includes(':') ? AAAA : A;
}

function resource(record: NameRecord, ttlSeconds: number): Buffer {
  const data = dataOf(record);
  const head = Buffer.alloc(12);
  // The name is the question's.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(typeOf(record), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttlSeconds, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function dataOf(record: NameRecord): Buffer {
  if (typeof record !== 'string') {
    const head = Buffer.alloc(6);
    head.writeUInt16BE(record.priority, 0);
    head.writeUInt16BE(record.weight, 2);
    head.writeUInt16BE(record.port, 4);
    return Buffer.concat([head, encodedName(record.target)]);
  }
  return typeOf(record) === A ? Buffer.from(record.split('.').map(Number)) : addressV6(record);
}

function encodedName(name: string): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** With at most one `::`. */
function addressV6(text: string): Buffer {
  const [front = '', back] = text.split('::');
  const words = (part: string) => part.split(':').filter((word) => word !== '');
  const [before, after] = [words(front), words(back ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return Buffer.from([...before, ...zeros, ...after].map((word) => word.padStart(4, '0')).join(''), 'hex');
}

/** Starts a name server on a free port of this machine; it ends with the test. */
export async function startNameServer(): Promise<NameServer> {
  const server = await NameServer.open();
  onTestFinished(() => server.close());
  return server;
}
