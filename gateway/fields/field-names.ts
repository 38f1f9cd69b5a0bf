/** Names of fields to look for, however they are spelled. */
export class FieldNames {
  readonly #lower: ReadonlySet<string>;
  readonly #lengths: Readonly<Uint8Array>;

  /** @param lower in lower case */
  constructor(lower: Iterable<string>) {
    this.#lower = new Set(lower);
    this.#lengths = lengthsOf(this.#lower);
  }

  has(name: string): boolean {
    return this.#lengths[name.length] === 1 && this.#lower.has(name.toLowerCase());
  }
}

/** 1 at each length that one of the names has. Most names have another, and to look for those in a set would take a hash of each. */
export function lengthsOf(names: Iterable<string>): Readonly<Uint8Array> {
  const all = [...names];
  const lengths = new Uint8Array(1 + Math.max(0, ...all.map((name) => name.length)));
  for (const name of all) lengths[name.length] = 1;
  return lengths;
}
