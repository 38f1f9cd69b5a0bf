import { TransientSet } from './transient.ts';

/**
 * Exchanges that have no end of their own: tunnels and event streams. A reload leaves those on unchanged routes alone and ends the others in
 * time; a stopping gateway ends them all.
 */
export interface LongLived {
  /** Flushes, then closes. Safe to call at any time, any number of times. */
  close(): void;
}

export class LongLivedExchanges {
  /** By the signature of the route: a route with the same meaning has the same signature after a reload. */
  readonly #bySignature = new Map<string, TransientSet<LongLived>>();

  add(signature: string, longLived: LongLived): void {
    const among = this.#bySignature.get(signature) ?? new TransientSet();
    among.add(longLived);
    this.#bySignature.set(signature, among);
  }

  delete(signature: string, longLived: LongLived): void {
    const among = this.#bySignature.get(signature);
    if (among?.delete(longLived) && among.size === 0) this.#bySignature.delete(signature);
  }

  get size(): number {
    let size = 0;
    for (const among of this.#bySignature.values()) size += among.size;
    return size;
  }

  closeAll(): void {
    for (const among of this.#bySignature.values()) for (const longLived of [...among]) longLived.close();
  }

  /** @returns how many were ended. */
  closeUnless(keeps: (signature: string) => boolean): number {
    let closed = 0;
    for (const [signature, among] of [...this.#bySignature]) {
      if (keeps(signature)) continue;
      closed += among.size;
      for (const longLived of [...among]) longLived.close();
    }
    return closed;
  }
}
