import type { Logger } from 'pino';
import { symbols } from 'pino';
import { type ExchangeRecord, isGatewayFault } from '../exchange/record.ts';
import { jsonString } from './printable.ts';

/** What `msg` says in the lines of exchanges, and in no other. */
export const EXCHANGE_MESSAGE = 'exchange';

const INFO = 30;
const WARN = 40;

export interface AccessLogOptions {
  /** Asked for each exchange, because a reload may change it (`log.access`). */
  readonly enabled: () => boolean;
}

/**
 * Writes one line for each exchange, in the form that docs/logs.md describes, into the logger's own stream, so that it
 * stands in order with the other lines.
 *
 * The line is put together here and not by `logger.info(object)`, which costs three times as much: measured on
 * Node 26.10 with 14 fields a line, 3.6 to 4.9 µs of CPU through pino into sonic-boom, 3.4 µs through pino into our own
 * destination, 0.9 to 1.9 µs this way (docs/logs.md).
 */
export function createAccessLog(
  logger: Logger,
  options: AccessLogOptions,
): (record: Readonly<ExchangeRecord>) => void {
  const { stream, bindings } = pinoParts(logger);
  const now = isoClock();
  const names = new QuotedNames();
  return (record) => {
    if (!options.enabled()) return;
    const fault = isGatewayFault(record);
    if (logger.levelVal > (fault ? WARN : INFO)) return;
    stream.write(
      `{"level":"${fault ? 'warn' : 'info'}","time":"${now()}"${bindings}${exchangeFields(record, names)},"msg":"${EXCHANGE_MESSAGE}"}\n`,
    );
  };
}

function exchangeFields(record: Readonly<ExchangeRecord>, names: QuotedNames): string {
  return (
    `,"requestId":${quote(record.requestId)},"client":${quote(record.client)}` +
    `,"method":${quote(record.method)},"target":${quote(record.target)},"protocol":${names.quote(record.protocol)}` +
    `,"route":${names.quote(record.route)},"endpoint":${names.quote(record.endpoint)}` +
    `,"status":${record.status},"bytesIn":${record.bytesIn},"bytesOut":${record.bytesOut}` +
    `,"headMs":${record.headAt === null ? 'null' : tenths(record.headAt - record.startedAt)}` +
    `,"totalMs":${tenths(record.endedAt - record.startedAt)}` +
    `,"attempts":${record.attempts},"lane":"${record.lane}"${rareFields(record)}`
  );
}

/** What most exchanges don't have is left out of their lines. */
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

// Visible ASCII but for the quotation mark and the backslash: what nearly every value is made of, and what can stand
// between quotation marks as it is.
const plain = /^[ !#-[\]-~]*$/;

function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : jsonString(text);
}

/** Names of routes and endpoints come again and again, so each is judged once. */
class QuotedNames {
  readonly #quoted = new Map<string, string>();

  quote(name: string | null): string {
    if (name === null) return 'null';
    const known = this.#quoted.get(name);
    if (known !== undefined) return known;
    // Reloads and name servers bring new ones.
    if (this.#quoted.size >= NAMES_MAX) this.#quoted.clear();
    const quoted = quote(name);
    this.#quoted.set(name, quoted);
    return quoted;
  }
}

const NAMES_MAX = 20_000;

/** Milliseconds with one decimal, out of whole numbers: to print a fraction takes ten times as long. */
function tenths(ms: number): string {
  const count = Math.round(ms * 10);
  const rest = count % 10;
  return rest === 0 ? `${count / 10}` : `${(count - rest) / 10}.${rest}`;
}

/** Many exchanges end within one millisecond: its text is made once. */
function isoClock(): () => string {
  let at = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      text = new Date(now).toISOString();
    }
    return text;
  };
}

/**
 * Where the logger's lines go, and what it adds to each of them, as `,"name":value`: its `bindings()` leave out the process id. Both stand
 * behind symbols that pino exports for plugins and changes as it likes (docs/private-parts.md). @throws at the start, where it has
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
