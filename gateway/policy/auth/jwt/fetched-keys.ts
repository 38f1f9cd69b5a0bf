import type { JWSHeaderParameters } from 'jose';
import type { Keepable, KeptStates } from '../../kept.ts';
import type { Outbound } from '../outbound.ts';
import { placeOf } from '../settings.ts';
import { type KeySet, readKeySet } from './key-set.ts';

/** Where the keys of an issuer come from. */
export interface KeySource extends Keepable {
  /** `null`: there are none yet. A promise where they have to be fetched first. */
  current(): KeySet | null | Promise<KeySet | null>;
  /** The keys after a fetch, for a token whose key is unknown; `null`: there are no other ones. */
  renewed(header: JWSHeaderParameters): Promise<KeySet | null>;
}

/**
 * The keys of an issuer by their URL. They are fetched before anybody needs them, again and again, and once more when a token names a key that is
 * not among them. Where that fails, the keys that are there serve on.
 */
export class FetchedKeys implements KeySource {
  readonly #url: URL;
  readonly #outbound: Outbound;
  readonly #log: KeptStates['log'];
  readonly #now: () => number;
  #keys: KeySet | null = null;
  #text = '';
  #fetching: Promise<void> | null = null;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(
    url: string,
    outbound: Outbound,
    log: KeptStates['log'],
    now: () => number = () => performance.now(),
  ) {
    this.#url = new URL(url);
    this.#outbound = outbound;
    this.#log = log;
    this.#now = now;
    void this.#refresh();
  }

  current(): KeySet | null | Promise<KeySet | null> {
    if (this.#keys !== null || this.#fetching === null) return this.#keys;
    return this.#fetching.then(() => this.#keys);
  }

  async renewed(header: JWSHeaderParameters): Promise<KeySet | null> {
    const before = this.#keys;
    // Anybody can name a key that is nowhere: the issuer is not asked for each of them.
    if (this.#fetching === null && this.#now() - this.#fetchedAt < ASK_AGAIN_MS) return null;
    await this.#refresh();
    return this.#keys === before || this.#keys?.lacks(header) ? null : this.#keys;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#fetchedAt = this.#now();
    try {
      this.#take(await this.#answered());
      if (this.#failures > 0)
        this.#log.info({ url: placeOf(this.#url.href) }, 'the keys of the issuer are there again');
      this.#failures = 0;
    } catch (cause) {
      this.#failed(cause as Error);
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.#refresh(), this.#nextInMs()).unref();
  }

  async #answered(): Promise<string> {
    const request = { url: this.#url, headers: ACCEPT, timeoutMs: TIMEOUT_MS, bodyMaxBytes: MAX_BYTES };
    const { status, body } = await this.#outbound.get(request);
    if (status !== 200) throw new Error(`status ${status}`);
    return body.toString('utf8');
  }

  /** The same text means the same keys: tokens verified before stay verified. */
  #take(text: string): void {
    if (text === this.#text) return;
    const reading = readKeySet(text);
    if (!reading.ok) throw new Error(reading.found);
    this.#keys = reading.value;
    this.#text = text;
  }

  #failed({ message }: Error): void {
    if (this.#closed) return;
    const what = this.#keys === null ? 'there are none yet' : 'those from before serve on';
    if (this.#failures++ === 0)
      this.#log.error(
        { url: placeOf(this.#url.href), problem: message },
        `the keys of the issuer can't be had: ${what}`,
      );
  }

  #nextInMs(): number {
    const wanted =
      this.#failures === 0 ? FRESH_MS : Math.min(FRESH_MS, FAILED_MS * 2 ** (this.#failures - 1));
    // Replicas that were started together do not ask together.
    return wanted * (0.9 + Math.random() * 0.2);
  }
}

const ACCEPT = ['Accept', 'application/jwk-set+json, application/json'];
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;
const FRESH_MS = 600_000;
const FAILED_MS = 2_000;
const ASK_AGAIN_MS = 5_000;
