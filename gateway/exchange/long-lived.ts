/**
 * Exchanges that have no end of their own: tunnels and event streams. A reload leaves those on unchanged routes alone and ends the others in
 * time; a stopping gateway ends them all.
 */
export interface Lasting {
  /** Lets out what was written, then ends it. Safe to call at any time, any number of times. */
  close(): void;
}

export class LastingExchanges {
  /** By what the route was when they began: a route that means the same after a reload has the same signature. */
  readonly #bySignature = new Map<string, Set<Lasting>>();

  add(signature: string, lasting: Lasting): void {
    const among = this.#bySignature.get(signature) ?? new Set();
    among.add(lasting);
    this.#bySignature.set(signature, among);
  }

  delete(signature: string, lasting: Lasting): void {
    const among = this.#bySignature.get(signature);
    if (among?.delete(lasting) && among.size === 0) this.#bySignature.delete(signature);
  }

  get size(): number {
    let size = 0;
    for (const among of this.#bySignature.values()) size += among.size;
    return size;
  }

  closeAll(): void {
    for (const among of this.#bySignature.values()) for (const lasting of [...among]) lasting.close();
  }

  /** @returns how many were ended. */
  closeUnless(keeps: (signature: string) => boolean): number {
    let closed = 0;
    for (const [signature, among] of [...this.#bySignature]) {
      if (keeps(signature)) continue;
      closed += among.size;
      for (const lasting of [...among]) lasting.close();
    }
    return closed;
  }
}
