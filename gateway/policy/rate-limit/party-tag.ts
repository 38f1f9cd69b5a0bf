import { randomFillSync } from 'node:crypto';

/** Who is counted, in 64 bits: nobody who does not know the key can choose values whose tags meet. */
export interface PartyTag {
  readonly low: number;
  readonly high: number;
}

/** The key of a process, or of all workers together. */
export function newTagKey(): PartyTag {
  const [low, high] = randomFillSync(new Int32Array(2));
  return { low: low!, high: high! };
}

/**
 * HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein, https://github.com/veorq/SipHash), over the UTF-16 units of a text: the keyed
 * hash that is made for tables whose keys strangers choose. One object makes one tag after the other, so that none is allocated.
 */
export class PartyTagger implements PartyTag {
  #key: PartyTag;
  low = 0;
  high = 0;

  constructor(key: PartyTag) {
    this.#key = key;
  }

  /** From now on its tags are those of another key, which this text makes of that one. */
  rekey(key: PartyTag, text: string): void {
    const { low, high } = new PartyTagger(key).tag(text);
    this.#key = { low, high };
  }

  /** Of another key, which this text makes of this one. */
  derived(text: string): PartyTagger {
    const { low, high } = this.tag(text);
    return new PartyTagger({ low, high });
  }

  /** @returns itself, with the tag of this text until the next call. */
  tag(text: string): this {
    const { low, high } = this.#key;
    let v0 = low;
    let v1 = high ^ 0xee;
    let v2 = 0x6c796765 ^ low;
    let v3 = 0x74656462 ^ high;
    const units = text.length;
    const words = (units >>> 1) + 1;
    // Two rounds for each word, the last of which says how long the text is; four, and four more, behind them. All in one loop: its locals are registers.
    for (let word = 0; word < words + 4; word++) {
      let next = 0;
      if (word < words) {
        const at = word * 2;
        next = at + 1 < units ? text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16) : units << 25;
        if (at + 1 === units) next |= text.charCodeAt(at);
        v3 ^= next;
      } else if (word === words) {
        v2 ^= 0xee;
      } else if (word === words + 2) {
        this.low = v1 ^ v3;
        v1 ^= 0xdd;
      }
      for (let round = 0; round < 2; round++) {
        v0 = (v0 + v1) | 0;
        v2 = (v2 + v3) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v1) | 0;
        v0 = (v0 + v3) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      v0 ^= next;
    }
    this.high = v1 ^ v3;
    return this;
  }
}
