import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { TlsSettings } from './settings.ts';

/** The seed from which all workers derive the same keys. Kept in memory only. */
export interface TicketSeed {
  /** Since 1970. */
  readonly period: number;
  /** Base64, as messages between processes are JSON. */
  readonly secret: string;
}

export function newTicketSeed(now: number = Date.now()): TicketSeed {
  return { period: periodAt(now), secret: randomBytes(SECRET_BYTES).toString('base64') };
}

/**
 * The keys of session tickets (RFC 8446 §4.6.1, RFC 5077 §4). Every eight hours the secret is replaced by one derived from it: processes
 * with the same seed stay in agreement without messages, and memory can't open older tickets.
 */
export class TicketKeys {
  readonly #now: () => number;
  #period: number;
  #secret: Buffer;
  #adopted = false;

  constructor({ period, secret }: TicketSeed, now: () => number = Date.now) {
    this.#now = now;
    this.#period = period;
    this.#secret = Buffer.from(secret, 'base64');
  }

  /** Of now, for a process that begins. */
  get seed(): TicketSeed {
    this.advance();
    return { period: this.#period, secret: this.#secret.toString('base64') };
  }

  /** Goes on with the seed of others: tickets of before can't be opened any more. */
  adopt(seed: TicketSeed): void {
    const others = new TicketKeys(seed, this.#now).seed;
    const own = new TicketKeys({ period: this.#period, secret: this.#secret.toString('base64') }, this.#now)
      .seed;
    if (others.secret === own.secret) return;
    this.#period = others.period;
    this.#secret = Buffer.from(others.secret, 'base64');
    this.#adopted = true;
  }

  /** @returns whether the keys are others than before. A clock that is put back changes nothing. */
  advance(): boolean {
    const current = periodAt(this.#now());
    const advanced = current > this.#period || this.#adopted;
    this.#adopted = false;
    for (; this.#period < current; this.#period++) this.#secret = derived(this.#secret, 'next', SECRET_BYTES);
    return advanced;
  }

  /**
   * @param clients the rules for client certificates when the ticket was given: a resumed session is not verified again
   * @returns 48 bytes for `tls.Server.setTicketKeys`
   */
  keys(clients: TlsSettings['clients']): Buffer {
    const judge = createHash('sha256').update(JSON.stringify(clients)).digest('base64');
    return derived(this.#secret, `keys ${judge}`, TICKET_KEYS_BYTES);
  }
}

function derived(secret: Buffer, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, bytes));
}

function periodAt(ms: number): number {
  return Math.floor(ms / PERIOD_MS);
}

export const PERIOD_MS: number = 8 * 3_600_000;
const SECRET_BYTES = 32;
const TICKET_KEYS_BYTES = 48;
