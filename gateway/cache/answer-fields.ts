import type { Fields } from '../exchange/contract.ts';
import type { FieldMap, KeptHead } from './entry.ts';

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Names and values in turn. RFC 9110 §15.4.5: a 304 has no field that describes a body which is not there. */
export function keptFields(headers: AnswerHeaders, unchanged: boolean): string[] {
  const fields: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || (unchanged && name === 'content-length')) continue;
    if (typeof value === 'string') fields.push(name, value);
    else for (const one of value) fields.push(name, one);
  }
  return fields;
}

/** Of an answer that is kept: how long ago it was new (RFC 9111 §5.1). */
export function withAge({ headers, cachedAt }: Pick<KeptHead, 'headers' | 'cachedAt'>): FieldMap {
  return { ...headers, age: String(ageOfKept({ cachedAt })) };
}

/** In seconds; none where the clock has been set back (RFC 9111 §1.2.2). */
export function ageOfKept({ cachedAt }: Pick<KeptHead, 'cachedAt'>): number {
  return Math.max(0, Math.round((Date.now() - cachedAt) / 1_000));
}

/** By their names in lower case, lists for repeated ones. */
export function grouped(fields: Fields): FieldMap {
  const group: FieldMap = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const before = group[name];
    group[name] = before === undefined ? fields[i + 1]! : [before, fields[i + 1]!].flat();
  }
  return group;
}

export function isEventStream(headers: AnswerHeaders): boolean {
  return /^text\/event-stream\b/i.test(String(headers['content-type'] ?? ''));
}
