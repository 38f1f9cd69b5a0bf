import { hash, randomFillSync } from 'node:crypto';
import type { Peer } from '../../exchange/peer.ts';
import { addressNetwork } from './address-network.ts';

/** The identity of a party in 64 bits: without the key nobody can choose values with equal tags. */
export interface PartyTag {
  readonly low: number;
  readonly high: number;
}

/** The key of a process, or of all workers together. */
export function newTagKey(): PartyTag {
  const [low, high] = randomFillSync(new Int32Array(2));
  return { low: low!, high: high! };
}

/** Computes tags by SHA-256 of the key and the party's value. Recent ones are remembered. */
export class PartyTagger {
  #key: PartyTag;
  #secret: string;
  #addresses = new RecentTags();
  #values = new RecentTags();

  constructor(key: PartyTag) {
    this.#key = key;
    this.#secret = secretOf(key);
  }

  get key(): PartyTag {
    return this.#key;
  }

  /** From now on its tags are those of another key. */
  rekey(key: PartyTag): void {
    if (key.low === this.#key.low && key.high === this.#key.high) return;
    this.#key = key;
    this.#secret = secretOf(key);
    this.#addresses = new RecentTags();
    this.#values = new RecentTags();
  }

  /** Of a client, by its network. */
  address(address: string): PartyTag {
    return (
      this.#addresses.get(address) ?? this.#addresses.put(address, this.#made('a', addressNetwork(address)))
    );
  }

  /** Of the other side of a connection: made once, however many others come in between. */
  peer(peer: Peer): PartyTag {
    const known = peer.tag;
    if (known?.key === this.#key) return known;
    const { low, high } = this.address(peer.address);
    peer.tag = { key: this.#key, low, high };
    return peer.tag;
  }

  /** For a value from the request. */
  value(value: string): PartyTag {
    return this.#values.get(value) ?? this.#values.put(value, this.#made('v', value));
  }

  #made(kind: string, text: string): PartyTag {
    const digest = hash('sha256', `${this.#secret}${kind}${text}`, 'latin1');
    return { low: wordAt(digest, 0), high: wordAt(digest, 4) };
  }
}

function secretOf({ low, high }: PartyTag): string {
  return `${low} ${high} `;
}

function wordAt(bytes: string, at: number): number {
  const half = (low: number) => bytes.charCodeAt(low) | (bytes.charCodeAt(low + 1) << 8);
  return half(at) | (half(at + 2) << 16);
}

/** Those that were made last: begun anew when it is full, so that strangers can't make it grow. */
class RecentTags {
  #tags = new Map<string, PartyTag>();

  get(text: string): PartyTag | undefined {
    return this.#tags.get(text);
  }

  put(text: string, tag: PartyTag): PartyTag {
    if (this.#tags.size >= MOST_KEPT) this.#tags = new Map();
    if (text.length <= LONGEST_KEPT) this.#tags.set(text, tag);
    return tag;
  }
}

const MOST_KEPT = 4_096;
const LONGEST_KEPT = 128;

/** The same parties under one limit: another tag for each limit. One object makes one tag after the other. */
export class LimitTagger implements PartyTag {
  readonly parties: PartyTagger;
  readonly #limit: string;
  #own: PartyTag;
  /** Of `#own`. */
  #key: PartyTag;
  low = 0;
  high = 0;

  constructor(parties: PartyTagger, limit: string) {
    this.parties = parties;
    this.#limit = `limit ${limit}`;
    this.#own = parties.value(this.#limit);
    this.#key = parties.key;
  }

  /** For a value from the request. */
  tag(value: string): this {
    return this.of(this.parties.value(value));
  }

  /** @returns itself, with this party's tag until the next call. */
  of({ low, high }: PartyTag): this {
    if (this.parties.key !== this.#key) {
      this.#key = this.parties.key;
      this.#own = this.parties.value(this.#limit);
    }
    this.low = low ^ this.#own.low;
    this.high = high ^ this.#own.high;
    return this;
  }
}
