import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

const typeA = 1;
const classIn = 1;
const nameError = 3;

/** A DNS server (RFC 1035) that knows as much as a row needs: A records of names, which change and vanish when the row says so. */
export class NameServer {
  readonly #socket: Socket;
  readonly #records = new Map<string, { addresses: readonly string[]; ttlSeconds: number }>();
  /** Questions that were asked. */
  asked = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message, from) => this.#answer(message, from));
  }

  static async open(): Promise<NameServer> {
    const socket = createSocket('udp4');
    await once(socket.bind(0, '127.0.0.1'), 'listening');
    return new NameServer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Without addresses, the name exists no more. */
  set(name: string, addresses: readonly string[], ttlSeconds = 1): void {
    if (addresses.length === 0) this.#records.delete(name);
    else this.#records.set(name, { addresses, ttlSeconds });
  }

  close(): void {
    this.#socket.close();
  }

  #answer(message: Buffer, from: RemoteInfo): void {
    this.asked++;
    const { name, type, end } = questionOf(message);
    const record = this.#records.get(name);
    const addresses = record !== undefined && type === typeA ? record.addresses : [];
    const answers = addresses.map((address) => resourceRecord(address, record!.ttlSeconds));
    const head = headOf(message, record === undefined ? nameError : 0, answers.length);
    this.#socket.send(Buffer.concat([head, message.subarray(12, end), ...answers]), from.port, from.address);
  }
}

/** RFC 1035 §4.1.2: labels with their lengths, then type and class. */
function questionOf(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** RFC 1035 §4.1.1: a response, authoritative, recursion desired as asked, and available. */
function headOf(message: Buffer, code: number, answers: number): Buffer {
  const head = Buffer.alloc(12);
  message.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8480 | (message.readUInt16BE(2) & 0x0100) | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answers, 6);
  return head;
}

/** RFC 1035 §4.1.3, with a pointer to the question's name. */
function resourceRecord(address: string, ttlSeconds: number): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(typeA, 2);
  record.writeUInt16BE(classIn, 4);
  record.writeUInt32BE(ttlSeconds, 6);
  record.writeUInt16BE(4, 10);
  Buffer.from(address.split('.').map(Number)).copy(record, 12);
  return record;
}
