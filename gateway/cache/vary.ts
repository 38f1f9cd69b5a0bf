import type { Chosen, FieldMap } from './entry.ts';

/**
 * The fields of one request, as those by which answers are chosen (RFC 9111 §4.1). Each is normalised once, however many variants are
 * looked through.
 */
export class Selecting {
  readonly #fields: FieldMap;
  #values: Map<string, string | null> | null = null;

  constructor(fields: FieldMap) {
    this.#fields = fields;
  }

  /** Whether an answer selected by these values fits the request. */
  fits(chosen: Chosen | undefined): boolean {
    for (const name in chosen) if (this.#value(name) !== chosen[name]) return false;
    return true;
  }

  by(names: Iterable<string>): Chosen {
    return Object.fromEntries(Array.from(names, (name) => [name, this.#value(name)]));
  }

  #value(name: string): string | null {
    this.#values ??= new Map();
    let value = this.#values.get(name);
    if (value === undefined) {
      value = Object.hasOwn(this.#fields, name) ? normalised(name, this.#fields[name]!) : null;
      this.#values.set(name, value);
    }
    return value;
  }
}

/**
 * One text for equivalent spellings of a value: several lines are one list, spaces around members are dropped, languages and codings are in
 * lower case. In a field whose values may contain commas, each spelling stays a value of its own.
 */
function normalised(name: string, value: string | string[]): string {
  const lines = [value].flat();
  if (OPAQUE.has(name) || lines.some((line) => line.includes('"'))) return lines.join('\n');
  const list = membersOf(lines).join(', ');
  return CASELESS.has(name) ? list.toLowerCase() : list;
}

const OPAQUE: ReadonlySet<string> = new Set(['authorization', 'cookie', 'x-forwarded-user']);
const CASELESS: ReadonlySet<string> = new Set(['accept-charset', 'accept-encoding', 'accept-language']);

type VaryField = string | string[] | undefined;

/** The fields that a Vary names, in lower case. */
export function variesBy(vary: VaryField): string[] {
  return membersOf([vary ?? []].flat())
    .map((name) => name.toLowerCase())
    .filter((name) => name !== '');
}

function membersOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(',')).map(withoutSpaceAround);
}

/** Spaces and tabs only (RFC 9110 §5.6.3): a service sees other white space. */
function withoutSpaceAround(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text, from)) from++;
  while (from < to && isBlank(text, to - 1)) to--;
  return text.slice(from, to);
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}
