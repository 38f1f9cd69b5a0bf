import { setTimeout as sleep } from 'node:timers/promises';
import type { OutstandingChallenge } from '../acme/challenges.ts';
import type { AcmeShare } from '../acme/share.ts';
import type { Link } from './link.ts';

export interface SharedAcmeOptions {
  readonly link: () => Link | null;
  readonly prefix: () => string;
  /** Of this replica. */
  readonly id: string;
  /** How many others there are. */
  readonly others: () => number;
  /** @returns the id of the news. @throws Error if they can't be published */
  readonly tell: (challenges: readonly OutstandingChallenge[]) => Promise<string>;
}

/** Accounts, orders and certificates that all replicas use; one of them orders at a time. */
export class SharedAcme implements AcmeShare {
  readonly #options: SharedAcmeOptions;
  #renewal: NodeJS.Timeout | undefined;

  constructor(options: SharedAcmeOptions) {
    this.#options = options;
  }

  async lock(): Promise<boolean | null> {
    const locked = await this.#lockFor(LOCK_MS);
    clearInterval(this.#renewal);
    if (locked === true) this.#renewal = setInterval(() => void this.#lockFor(LOCK_MS), LOCK_MS / 4).unref();
    return locked;
  }

  async unlock(): Promise<void> {
    this.close();
    await this.#lockFor(0);
  }

  /** The lock expires by itself. */
  close(): void {
    clearInterval(this.#renewal);
  }

  async #lockFor(ms: number): Promise<boolean | null> {
    const { link, prefix, id } = this.#options;
    const told = link()?.run('lock', [`${prefix()}:acme:lock`], [id, String(ms)]);
    return (told ?? Promise.resolve(null)).then(
      (answer) => answer === 1,
      () => null,
    );
  }

  async read(file: string): Promise<string | null> {
    const text = await this.#command('HGET', `${this.#options.prefix()}:acme`, file);
    return typeof text === 'string' ? text : null;
  }

  async write(file: string, text: string): Promise<void> {
    await this.#command('HSET', `${this.#options.prefix()}:acme`, file, text);
  }

  async offer(challenges: readonly OutstandingChallenge[]): Promise<void> {
    const { tell, others, prefix } = this.#options;
    const id = await tell(challenges).catch(() => null);
    // The end of the challenges is not awaited.
    if (id === null || challenges.length === 0) return;
    for (const until = Date.now() + ANSWERED_MS; Date.now() < until; await sleep(LOOK_MS)) {
      const answered = Number(await this.#command('GET', answeredKey(prefix(), id)));
      if (answered >= others()) return;
    }
  }

  /** This replica answers the challenges of another. */
  async answered(id: string): Promise<void> {
    const key = answeredKey(this.#options.prefix(), id);
    await this.#command('INCR', key);
    await this.#command('PEXPIRE', key, String(LOCK_MS));
  }

  async #command(...args: readonly string[]): Promise<unknown> {
    return (
      this.#options
        .link()
        ?.command(args)
        .catch(() => null) ?? null
    );
  }
}

function answeredKey(prefix: string, id: string): string {
  return `${prefix}:acme:answered:${id}`;
}

/** A replica that dies over an order keeps the others from it for so long. */
const LOCK_MS = 60_000;
const ANSWERED_MS = 3_000;
const LOOK_MS = 50;
