/** A table of the most recently used entries: at least `size`, at most twice as many. */
export class BoundedTable<Value> {
  readonly #size: number;
  readonly #weigh: (value: Value) => number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  /** Of the young ones. */
  #weight = 0;

  /** @param weigh the weight of a value; by default 1, so that `size` is a number of values */
  constructor(size: number, weigh: (value: Value) => number = () => 1) {
    this.#size = size;
    this.#weigh = weigh;
  }

  get(key: string): Value | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const older = this.#old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: string, value: Value): void {
    if (this.#weight >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#weight = 0;
    }
    this.#weight += this.#weigh(value) - this.#youngWeightOf(key);
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#weight -= this.#youngWeightOf(key);
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#weight = 0;
  }

  #youngWeightOf(key: string): number {
    const value = this.#young.get(key);
    return value === undefined ? 0 : this.#weigh(value);
  }
}
