import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { DialAddress } from '../config/model.ts';

type Lookup = (host: string) => Promise<readonly string[]>;

interface Entry {
  /** `null`: nothing has been found yet. */
  known: readonly string[] | null;
  readonly asked: Promise<readonly string[]>;
  readonly at: number;
}

/**
 * Where endpoints are, for those who send without connecting. Every datagram can begin a session, and a look-up takes a thread of
 * Node's four: so a name is looked up once in a while, however many ask, and what was known serves meanwhile.
 */
export class AddressBook {
  readonly #lookup: Lookup;
  readonly #freshMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(lookupHost: Lookup = lookupAll, freshMs: number = FRESH_MS) {
    this.#lookup = lookupHost;
    this.#freshMs = freshMs;
  }

  /** IP addresses, best first. Rejects with the resolver's error. */
  async find(endpoint: DialAddress): Promise<readonly string[]> {
    if (endpoint.kind === 'unix') throw new TypeError('UDP needs a host and a port');
    const { host, addresses } = endpoint;
    if (addresses !== null) return addresses;
    return isIP(host) ? [host] : this.#resolve(host);
  }

  #resolve(host: string): Promise<readonly string[]> {
    const entry = this.#entries.get(host);
    const { known, asked } = entry && this.#isFresh(entry) ? entry : this.#renew(host, entry?.known ?? null);
    return known === null ? asked : Promise.resolve(known);
  }

  #isFresh({ at }: Entry): boolean {
    return performance.now() - at < this.#freshMs;
  }

  #renew(host: string, known: Entry['known']): Entry {
    const asked = this.#lookup(host);
    const entry: Entry = { known, asked, at: performance.now() };
    this.#entries.set(host, entry);
    // A resolver that fails for a while is no reason to forget what it said before.
    asked.then(
      (found) => {
        entry.known = found;
      },
      () => {},
    );
    return entry;
  }
}

const FRESH_MS = 5_000;

async function lookupAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
