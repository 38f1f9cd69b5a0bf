import { RepeatedFields } from '../exchange/contract.ts';
import { isToldAsItIs } from '../fields/answer-fields.ts';
import { keptFields } from './answer-fields.ts';
import type { Entry, FieldMap, RepeatedHead } from './entry.ts';

/** Put together once for each second of its age. */
class HitHead implements RepeatedHead {
  readonly headers: FieldMap;
  readonly #fields: readonly string[] | null;
  #ageS = -1;
  #head: RepeatedFields | null = null;

  constructor(headers: FieldMap) {
    this.headers = headers;
    const fields = keptFields(headers, false);
    this.#fields = isToldAsItIs(fields) ? fields : null;
  }

  at(ageS: number): RepeatedFields | null {
    if (this.#fields === null || ageS === this.#ageS) return this.#head;
    this.#ageS = ageS;
    this.#head = new RepeatedFields([
      ...this.#fields,
      ...['age', String(ageS), 'Cache-Status', 'portway; hit'],
    ]);
    return this.#head;
  }
}

/** Made by the first hit. */
export function hitHeadOf(entry: Entry): RepeatedHead {
  if (entry.hitHead?.headers !== entry.headers) entry.hitHead = new HitHead(entry.headers);
  return entry.hitHead;
}
