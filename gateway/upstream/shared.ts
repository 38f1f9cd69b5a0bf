/** Things that several users have in common: made for the first, ended after the last. */
export class Shared<T> {
  readonly #end: (thing: T) => void;
  readonly #entries = new Map<string, { readonly thing: T; users: number }>();

  /** @param end called when a thing has no user left. */
  constructor(end: (thing: T) => void) {
    this.#end = end;
  }

  acquire(key: string, make: () => T): T {
    const entry = this.#entries.get(key) ?? { thing: make(), users: 0 };
    entry.users++;
    this.#entries.set(key, entry);
    return entry.thing;
  }

  /** Once for each `acquire`; more often does nothing. */
  release(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry || --entry.users > 0) return;
    this.#entries.delete(key);
    this.#end(entry.thing);
  }
}
