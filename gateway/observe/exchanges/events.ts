import { Readable } from 'node:stream';
import type { ExchangeList, ExchangeQuery, MessageList, MessageQuery } from '../../model/exchanges.ts';

/** The source of a stream of events. */
export interface EventSource {
  /** The status of everything, as JSON on one line. */
  status(): Promise<string>;
  find(query: ExchangeQuery): Promise<ExchangeList>;
  messages(query: MessageQuery): Promise<MessageList>;
}

/**
 * Streams events to readers: `status` each second, `exchange` for each one that has ended. All readers share one timer. A slow reader, or a
 * fast gateway, loses exchanges, and the next event says how many; nothing waits for readers.
 */
export class EventHub {
  readonly #source: EventSource;
  readonly #readers = new Set<EventReader>();
  #timer: NodeJS.Timeout | null = null;
  #ticks = 0;
  #busy = false;

  constructor(source: EventSource) {
    this.#source = source;
  }

  get isFull(): boolean {
    return this.#readers.size >= READERS_MAX;
  }

  /** A text of events that goes on until its reader leaves. */
  open(query: ExchangeQuery, messages: boolean): Readable {
    const reader = new EventReader(query, messages, () => this.#left(reader));
    this.#readers.add(reader);
    reader.tell(`retry: ${RETRY_MS}\n\n`);
    this.#timer ??= setInterval(() => void this.#tick(), TICK_MS).unref();
    void this.#begin(reader);
    return reader.text;
  }

  async #begin(reader: EventReader): Promise<void> {
    await this.#tellStatus([reader]);
    await reader.ask(this.#source).catch(() => {});
  }

  #left(reader: EventReader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  close(): void {
    for (const reader of this.#readers) reader.text.destroy();
  }

  async #tick(): Promise<void> {
    // A tick that takes longer is not started twice.
    if (this.#busy) return;
    this.#busy = true;
    const isStatusDue = ++this.#ticks % TICKS_PER_STATUS === 0;
    // Each text wakes two processes, and whoever gets many rows at once can wait for the status.
    const readers = [...this.#readers].filter(({ isBusy }) => isStatusDue || !isBusy);
    // A worker that has ended meanwhile gives no answer: the next tick asks again.
    await Promise.allSettled(readers.map((reader) => reader.ask(this.#source)));
    if (isStatusDue) await this.#tellStatus(readers);
    this.#busy = false;
  }

  async #tellStatus(readers: readonly EventReader[]): Promise<void> {
    const text = await this.#source.status().catch(() => null);
    if (text !== null) for (const reader of readers) reader.tell(`event: status\ndata: ${text}\n\n`);
  }
}

/** One reader. */
class EventReader {
  readonly text: Readable;
  readonly #query: ExchangeQuery;
  readonly #exchanges = new Cursor();
  /** `null`: it does not want them. */
  readonly #messages: Cursor | null;
  #isAsking = false;
  /** Whether it was told many when it asked last. */
  isBusy = false;

  constructor(query: ExchangeQuery, messages: boolean, left: () => void) {
    this.#query = query;
    this.#messages = messages ? new Cursor() : null;
    this.text = new Readable({
      read() {},
      destroy(error, done) {
        left();
        done(error);
      },
    });
  }

  /** Sends exchanges that ended since the last call. Earlier ones are in /exchanges. Two calls at once would send the same ones. */
  async ask(source: EventSource): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    await this.#ask(source).finally(() => {
      this.#isAsking = false;
    });
  }

  async #ask(source: EventSource): Promise<void> {
    const ticks = this.isBusy ? TICKS_PER_STATUS : 1;
    const tell = (events: string) => this.tell(events);
    const found = await source.find({ ...this.#query, ...this.#exchanges.next(ticks) });
    this.isBusy = found.exchanges.length >= MANY;
    this.#exchanges.move('exchange', found.exchanges, found, tell);
    if (this.#messages === null) return;
    const { route, text } = this.#query;
    const asked = { ...(route !== undefined && { route }), ...(text !== undefined && { text }) };
    const list = await source.messages({ ...asked, ...this.#messages.next(ticks) });
    this.#messages.move('message', list.messages, list, tell);
  }

  /** @returns whether there was room. */
  tell(text: string): boolean {
    if (this.text.destroyed || this.text.readableLength > UNREAD_MAX_BYTES) return false;
    this.text.push(text);
    return true;
  }
}

/** Where a reader is in a list that grows: what it has seen of each process, and how many it missed. */
class Cursor {
  /** The newest that each process has reported; `null`: not asked yet. */
  #after: Readonly<Record<string, number>> | null = null;
  #sampled = 0;
  #missed = 0;

  /** What to ask for in this tick. */
  next(ticks: number): Pick<MessageQuery, 'limit' | 'after'> {
    return { limit: this.#after === null ? 1 : ticks * PER_TICK_MAX, after: this.#after ?? {} };
  }

  /** Moves to the newest, and tells those that came since the last move. What was there before the first is not told. */
  move(
    event: string,
    newestFirst: readonly { readonly id: string }[],
    { more, sampled, newest }: Pick<MessageList, 'more' | 'sampled' | 'newest'>,
    tell: (text: string) => boolean,
  ): void {
    const missed = this.#missed + more + sampled - this.#sampled;
    if (this.#after !== null) this.#missed = tellAll(event, newestFirst, missed, tell);
    this.#after = { ...this.#after, ...newest };
    this.#sampled = sampled;
  }
}

/** Writes all events of a tick at once. @param missed before this tick. @returns how many are missed now */
function tellAll(
  event: string,
  newestFirst: readonly { readonly id: string }[],
  missed: number,
  tell: (text: string) => boolean,
): number {
  if (newestFirst.length === 0) return missed;
  const texts = newestFirst.toReversed().map((one, at) => {
    const data = JSON.stringify({ ...one, missed: at === 0 ? missed : 0 });
    return `event: ${event}\nid: ${one.id}\ndata: ${data}\n\n`;
  });
  return tell(texts.join('')) ? 0 : missed + newestFirst.length;
}

/** Each costs the process that carries its own text. */
export const READERS_MAX = 8;
const TICK_MS = 500;
const TICKS_PER_STATUS = 2;
/** A hundred a second are more than anybody reads. */
const PER_TICK_MAX = 50;
/** So many rows in a tick are more than can be read before the next one. */
const MANY = 10;
const UNREAD_MAX_BYTES = 256 * 1024;
const RETRY_MS = 1_000;
