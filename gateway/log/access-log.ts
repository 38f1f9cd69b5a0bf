import type { Logger } from 'pino';
import { symbols } from 'pino';
import { type ExchangeRecord, isGatewayFault } from '../exchange/record.ts';
import { jsonString } from './printable.ts';

/** The `msg` of access log lines, and of no other. */
export const EXCHANGE_MESSAGE = 'exchange';

const INFO = 30;
const WARN = 40;

/**
 * Writes one line per exchange, in the form of docs/logs.md, into the logger's own stream, so that it is in order with the other lines.
 *
 * The line is assembled here and not by `logger.info(object)`, which costs four times as much (decision 0018). Repeated values are kept
 * together with their keys (decision 0111).
 */
export class AccessLog {
  /** `log.access`: a reload may change it. */
  enabled = true;
  readonly #logger: Logger;
  readonly #stream: PinoParts['stream'];
  readonly #lines: ExchangeLines;

  constructor(logger: Logger) {
    const { stream, bindings } = pinoParts(logger);
    this.#logger = logger;
    this.#stream = stream;
    this.#lines = new ExchangeLines(bindings);
  }

  write(record: Readonly<ExchangeRecord>): void {
    if (!this.enabled) return;
    const fault = isGatewayFault(record);
    if (this.#logger.levelVal <= (fault ? WARN : INFO)) this.#stream.write(this.#lines.line(record, fault));
  }
}

/** Puts lines together. A piece of text costs as much as five letters more in another, so keys stand in one piece with the values that repeat. */
class ExchangeLines {
  readonly #stamp: () => string;
  readonly #clients = new KeptPieces(',"client":');
  readonly #methods = new KeptPieces(',"method":', ',"target":');
  readonly #protocols = new KeptPieces(',"protocol":');
  readonly #routes = new KeptPieces(',"route":');
  readonly #endpoints = new KeptPieces(',"endpoint":', ',"status":');
  readonly #short = shortTimes();

  constructor(bindings: string) {
    this.#stamp = stampClock(`"${bindings},"requestId":`);
  }

  line(record: Readonly<ExchangeRecord>, fault: boolean): string {
    const { startedAt, headAt, endedAt } = record;
    return (
      (fault ? '{"level":"warn","time":"' : '{"level":"info","time":"') +
      this.#stamp() +
      quote(record.requestId) +
      this.#clients.of(record.client) +
      this.#methods.of(record.method) +
      quote(record.target) +
      this.#protocols.of(record.protocol) +
      this.#routes.of(record.route) +
      this.#endpoints.of(record.endpoint) +
      record.status +
      ',"bytesIn":' +
      record.bytesIn +
      ',"bytesOut":' +
      record.bytesOut +
      ',"headMs":' +
      (headAt === null ? 'null' : this.#ms(headAt - startedAt)) +
      ',"totalMs":' +
      this.#ms(endedAt - startedAt) +
      ',"attempts":' +
      record.attempts +
      (record.lane === 'wire' ? ',"lane":"wire"' : ',"lane":"general"') +
      rareFields(record) +
      END
    );
  }

  #ms(ms: number): string {
    const count = Math.round(ms * 10);
    return this.#short[count] ?? tenths(count);
  }
}

const END = `,"msg":"${EXCHANGE_MESSAGE}"}\n`;

/** Fields that most exchanges lack. */
function rareFields(record: Readonly<ExchangeRecord>): string {
  let fields = record.tunnel ? ',"tunnel":true' : '';
  if (record.fallback) fields += ',"fallback":true';
  if (record.escaped !== null) fields += `,"escaped":"${record.escaped}"`;
  if (record.policy !== null) fields += `,"policy":"${record.policy}"`;
  if (record.user !== null) fields += `,"user":${quote(record.user)}`;
  if (record.errorType !== null) fields += `,"errorType":${quote(record.errorType)}`;
  if (record.errorCode !== null) fields += `,"code":${quote(record.errorCode)}`;
  if (record.cause !== null) fields += `,"cause":${quote(record.cause)}`;
  return fields;
}

// Visible ASCII except quotation mark and backslash: nearly every value, valid within quotation marks as it is.
const plain = /^[ !#-[\]-~]*$/;

function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : jsonString(text);
}

/** Repeated values, such as names of routes: each is escaped once. */
class KeptPieces {
  readonly #before: string;
  readonly #behind: string;
  readonly #pieces = new Map<string | null, string>();

  constructor(before: string, behind = '') {
    this.#before = before;
    this.#behind = behind;
  }

  of(value: string | null): string {
    const known = this.#pieces.get(value);
    if (known !== undefined) return known;
    // Reloads, name servers and clients bring new ones.
    if (this.#pieces.size >= PIECES_MAX) this.#pieces.clear();
    const piece = inOnePiece(`${this.#before}${value === null ? 'null' : quote(value)}${this.#behind}`);
    this.#pieces.set(value, piece);
    return piece;
  }
}

const PIECES_MAX = 20_000;

/** One flat string: a string of parts (V8's rope) would be flattened again in each line. */
function inOnePiece(text: string): string {
  return Buffer.from(text).toString();
}

/** The texts of 0 to 100 ms: most exchanges are over by then. */
function shortTimes(): readonly string[] {
  return Array.from({ length: 1000 }, (_, count) => tenths(count));
}

/** Milliseconds with one decimal, out of whole numbers: to print a fraction takes ten times as long. */
function tenths(count: number): string {
  const rest = count % 10;
  return rest === 0 ? `${count / 10}` : `${(count - rest) / 10}.${rest}`;
}

/** Many exchanges end within one millisecond: its text is made once. */
function stampClock(behind: string): () => string {
  let at = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      text = inOnePiece(new Date(now).toISOString() + behind);
    }
    return text;
  };
}

/**
 * The logger's stream, and the text that it adds to each line (`,"name":value`); its `bindings()` omit the process id. Both are behind
 * symbols that pino exports for plugins and may change (docs/private-parts.md). @throws at the start, if it has
 */
function pinoParts(logger: Logger): PinoParts {
  const { [symbols.streamSym]: stream, [symbols.chindingsSym]: bindings } = logger as PinoLogger;
  if (typeof stream?.write === 'function' && typeof bindings === 'string') return { stream, bindings };
  throw new Error('this version of pino keeps its stream elsewhere than Portway knows');
}

type PinoLogger = Logger & {
  [symbols.streamSym]?: PinoParts['stream'];
  [symbols.chindingsSym]?: string;
};

interface PinoParts {
  readonly stream: { write(line: string): void };
  readonly bindings: string;
}
