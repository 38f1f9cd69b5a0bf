/**
 * A map whose entries come and go with exchanges or connections.
 *
 * V8 links each table that a `Map` or `Set` has outgrown to the next one, for iterators that still stand in it. One such table in the old generation keeps
 * all later ones alive, and with them whatever was in the map since, until the old generation is collected: young collections copy all of that.
 * So the map is copied now and then, which ends the chain.
 */
export class TransientMap<K, V> {
  #map = new Map<K, V>();
  #deleted = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  set(key: K, value: V): void {
    this.#map.set(key, value);
  }

  /** @returns whether there was one. */
  delete(key: K): boolean {
    if (!this.#map.delete(key)) return false;
    this.#deleted++;
    if (this.#deleted >= DELETED_MIN && this.#deleted > this.#map.size) this.#copy();
    return true;
  }

  #copy(): void {
    this.#map = new Map(this.#map);
    this.#deleted = 0;
  }
}

/** A set of such members, in the order in which they came. */
export class TransientSet<T> {
  #set = new Set<T>();
  #deleted = 0;

  get size(): number {
    return this.#set.size;
  }

  add(member: T): void {
    this.#set.add(member);
  }

  /** @returns whether it was one. */
  delete(member: T): boolean {
    if (!this.#set.delete(member)) return false;
    this.#deleted++;
    if (this.#deleted >= DELETED_MIN && this.#deleted > this.#set.size) this.#copy();
    return true;
  }

  #copy(): void {
    this.#set = new Set(this.#set);
    this.#deleted = 0;
  }

  /** Skips members that are deleted during the walk. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const member of this.#set) if (this.#set.has(member)) yield member;
  }
}

/** Between two copies, so that they cost next to nothing. */
const DELETED_MIN = 100;
