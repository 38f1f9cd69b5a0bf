import { monotonicMs } from '../../testing/load.ts';

/** The counts of a service under one tag. */
export interface Counted {
  /** Requests that arrived. */
  readonly arrived: number;
  /** Arrivals of the request that arrived most often: above 1, it was sent again. */
  readonly most: number;
  /** Of the requests that arrived. */
  readonly ids: readonly string[];
  /** When the other side let go of an exchange that was not over, by id of the request: `monotonicMs`. */
  readonly left: Readonly<Record<string, number>>;
  /** Bytes of request bodies that were taken. */
  readonly bodyBytes: number;
}

/** Counts what arrives, by the tag and id that each request names: a retry is the same id once more. */
export class Tally {
  readonly #byTag = new Map<string, Entry>();

  arrived(tag: string, id: string): void {
    const { arrivals } = this.#entry(tag);
    arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
  }

  left(tag: string, id: string): void {
    this.#entry(tag).left[id] ??= monotonicMs();
  }

  took(tag: string, bytes: number): void {
    this.#entry(tag).bodyBytes += bytes;
  }

  counted(tag: string): Counted {
    const { arrivals, left, bodyBytes } = this.#entry(tag);
    const counts = [...arrivals.values()];
    const arrived = counts.reduce((sum, count) => sum + count, 0);
    const most = counts.reduce((highest, count) => Math.max(highest, count), 0);
    return { arrived, most, ids: [...arrivals.keys()], left, bodyBytes };
  }

  #entry(tag: string): Entry {
    const entry = this.#byTag.get(tag) ?? { arrivals: new Map(), left: {}, bodyBytes: 0 };
    this.#byTag.set(tag, entry);
    return entry;
  }
}

interface Entry {
  readonly arrivals: Map<string, number>;
  readonly left: Record<string, number>;
  bodyBytes: number;
}
