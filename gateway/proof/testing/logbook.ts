import { EventEmitter, once } from 'node:events';
import { PATIENCE_MS } from './poll.ts';

/** A line of the gateway's log, as it was written. */
export type LogRecord = Readonly<Record<string, unknown>>;

/** Collects a gateway's log, so that a test can wait for a line and read it. */
export class Logbook {
  readonly records: LogRecord[] = [];
  readonly #arrivals = new EventEmitter().setMaxListeners(0);

  /** Takes text as it comes; lines that are not JSON are kept as `msg`. */
  write(text: string): void {
    for (const line of text.split('\n')) {
      if (line.trim() !== '') this.records.push(parse(line));
    }
    this.#arrivals.emit('more');
  }

  /** The lines of exchanges: those that say which status was answered. */
  exchanges(): LogRecord[] {
    return this.records.filter((record) => typeof record.status === 'number');
  }

  /** The first record that fits; waits for it. */
  async find(what: string, fits: (record: LogRecord) => boolean, withinMs = PATIENCE_MS): Promise<LogRecord> {
    const signal = AbortSignal.timeout(withinMs);
    for (;;) {
      const found = this.records.find(fits);
      if (found !== undefined) return found;
      await once(this.#arrivals, 'more', { signal }).catch(() => {
        throw new Error(`no ${what} was logged within ${withinMs} ms; the log:\n${this.text()}`);
      });
    }
  }

  /** The line of the exchange that was answered with this status. */
  async exchange(status: number): Promise<LogRecord> {
    return this.find(`exchange with status ${status}`, (record) => record.status === status);
  }

  text(): string {
    return this.records.map((record) => JSON.stringify(record)).join('\n');
  }
}

function parse(line: string): LogRecord {
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    return { msg: line };
  }
}
