import { signal } from '@preact/signals';

/** Rows that somebody has chosen, to do something with all of them. */
export class Chosen {
  readonly ids = signal<ReadonlySet<string>>(new Set());
  /** Where a range begins: the row that was chosen last. */
  #anchor = '';

  /** Selects a row, or deselects it. @param rows all rows in order. @param range selects all from the last one to it */
  choose(id: string, rows: readonly string[], range: boolean): void {
    const ids = new Set(this.ids.peek());
    const [from, to] = [rows.indexOf(this.#anchor), rows.indexOf(id)].toSorted((a, b) => a - b) as [
      number,
      number,
    ];
    if (range && from !== -1) for (const one of rows.slice(from, to + 1)) ids.add(one);
    else if (!ids.delete(id)) ids.add(id);
    this.#anchor = id;
    this.ids.value = ids;
  }

  clear(): void {
    this.#anchor = '';
    this.ids.value = new Set();
  }
}
