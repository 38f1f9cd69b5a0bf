import { isDeepStrictEqual } from 'node:util';
import type { PlacedService } from '../model/config.ts';
import type { NameWatcher } from './watched-name.ts';

/** A name that is not resolved: the cluster that is followed provides its addresses. */
export class PlacedName {
  readonly #watchers = new Set<NameWatcher>();
  #pods: PlacedService['pods'] = [];

  get pods(): PlacedService['pods'] {
    return this.#pods;
  }

  set pods(pods: PlacedService['pods']) {
    if (isDeepStrictEqual(pods, this.#pods)) return;
    this.#pods = pods;
    for (const watcher of this.#watchers) watcher.nameChanged();
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  watch(watcher: NameWatcher): void {
    this.#watchers.add(watcher);
  }

  leave(watcher: NameWatcher): void {
    this.#watchers.delete(watcher);
  }
}

export class PlacedNames {
  readonly #names = new Map<string, PlacedName>();

  of(name: string): PlacedName {
    const known = this.#names.get(name) ?? new PlacedName();
    this.#names.set(name, known);
    return known;
  }

  /** Of the names that are not among these nothing is new: a snapshot that is on its way out may still lead there. */
  take(services: readonly PlacedService[]): void {
    for (const { name, pods } of services) this.of(name).pods = pods;
    const placedNames = new Set(services.map(({ name }) => name));
    for (const [name, placed] of this.#names)
      if (!placedNames.has(name) && !placed.isWatched) this.#names.delete(name);
  }
}
