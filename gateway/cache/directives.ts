import { parseDictionary, Token } from 'structured-headers';
import type { FieldMap } from './entry.ts';

/**
 * The directives of `Cache-Control` (RFC 9111 §5.2), of a request or an answer. Malformed ones are read in the way that keeps less: a
 * forbidding directive forbids whatever its argument, and an invalid time is zero.
 */
export class Directives {
  /** They are meant for caches in front of services alone, and `Expires` does not count beside them. */
  readonly targeted: boolean;
  readonly #values = new Map<string, string | null>();

  constructor(targeted = false) {
    this.targeted = targeted;
  }

  /** Several lines form one list, but each is parsed by itself, so that an unclosed quote in one can't hide directives in another. */
  static of(lines: string | string[] | undefined): Directives {
    const directives = new Directives();
    for (const member of [lines ?? []].flat().flatMap(membersOf)) directives.#add(member);
    return directives;
  }

  /** `Pragma: no-cache` of HTTP/1.0 counts only without `Cache-Control` (RFC 9111 §5.4). */
  static ofRequest(fields: FieldMap): Directives {
    const { 'cache-control': said, pragma } = fields;
    if (said !== undefined || pragma === undefined) return Directives.of(said);
    return Directives.of(Directives.of(pragma).has('no-cache') ? 'no-cache' : undefined);
  }

  /** Directives for a shared cache: `CDN-Cache-Control` takes precedence over `Cache-Control` (RFC 9213 §2.2). */
  static ofAnswer(fields: FieldMap): Directives {
    return targeted(fields['cdn-cache-control']) ?? Directives.of(fields['cache-control']);
  }

  #add(member: string): void {
    const sign = member.indexOf('=');
    const name = (sign === -1 ? member : member.slice(0, sign)).toLowerCase();
    if (!DIRECTIVE.test(member)) for (const one of FORBIDDING) if (isIn(member, one)) this.set(one, null);
    if (name !== '') this.set(name, sign === -1 ? null : member.slice(sign + 1));
  }

  /** Of two times the shorter one counts, an invalid one before all (RFC 9111 §4.2.1); lists of fields are merged. */
  set(name: string, value: string | null): void {
    const before = this.#values.get(name);
    if (before === undefined) this.#values.set(name, value);
    else if (LISTS.has(name)) this.#values.set(name, before && value && `${before},${value}`);
    else if (isLonger(secondsOf(before), secondsOf(value))) this.#values.set(name, value);
  }

  /** Whether a directive that permits keeping is present, and well-formed. */
  grants(name: 'public' | 'must-revalidate' | 'must-understand' | 'immutable'): boolean {
    return this.#values.get(name) === null;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** @returns `undefined`: absent; `NaN`: invalid */
  seconds(name: string): number | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : secondsOf(value);
  }

  /** Whether a directive that may be about some fields alone is about the whole answer (RFC 9111 §5.2.2.4, §5.2.2.7). */
  forAll(name: 'private' | 'no-cache'): boolean {
    return this.#values.has(name) && fieldsOf(this.#values.get(name)!).length === 0;
  }

  /** The fields, in lower case, that may not be given to others, or not unasked. */
  get withheld(): string[] {
    return [...LISTS].flatMap((name) => fieldsOf(this.#values.get(name) ?? null));
  }
}

/** RFC 9213 §2.1: a strict structured field. @returns `null`: an invalid or empty dictionary counts as absent */
function targeted(lines: string | string[] | undefined): Directives | null {
  if (lines === undefined) return null;
  try {
    const dictionary = parseDictionary([lines].flat().join());
    const directives = new Directives(true);
    // `public=?0` means absent; a forbidding directive still forbids.
    for (const [name, [value]] of dictionary)
      if (value !== false || FORBIDDING.includes(name)) directives.set(name, argumentOf(value));
    return dictionary.size === 0 ? null : directives;
  } catch {
    return null;
  }
}

/** An argument of the wrong type is dropped; the directive stays. */
function argumentOf(value: unknown): string | null {
  if (value === true) return null;
  if (typeof value === 'number' && Number.isInteger(value)) return String(value);
  return value instanceof Token ? value.toString() : '';
}

/** Members of a list; commas in quotes are none. Where a quote has no end, nothing is in quotes. */
function membersOf(text: string): string[] {
  const members: string[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted && letter === '\\') at++;
    else if (letter === '"') quoted = !quoted;
    else if (letter === ',' && !quoted) {
      members.push(text.slice(from, at));
      from = at + 1;
    }
  }
  if (quoted) return text.split(',').map((member) => member.trim());
  return [...members, text.slice(from)].map((member) => member.trim());
}

/** Malformed members still forbid: `no-store;x`, `"private"`, `=private`, `max-age=5 no-store`. */
function isIn(member: string, directive: string): boolean {
  const text = member.toLowerCase();
  for (let at = text.indexOf(directive); at !== -1; at = text.indexOf(directive, at + 1))
    if (!isTokenLetter(text[at - 1]) && !isTokenLetter(text[at + directive.length])) return true;
  return false;
}

/** RFC 9111 §5.2: a token, and perhaps an argument, which is a token or in quotes. */
const DIRECTIVE = /^[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[^"\\]|\\.)*"))?$/s;

function isTokenLetter(letter: string | undefined): boolean {
  return letter !== undefined && /[!#$%&'*+\-.^_`|~\w]/.test(letter);
}

const FORBIDDING = ['no-store', 'private', 'no-cache'];

/** More than a cache can mean (RFC 9111 §1.2.2) is as long as it can mean. */
function secondsOf(value: string | null): number {
  const digits = value !== null && /^(?:"(\d+)"|(\d+))$/.exec(value);
  return digits ? Math.min(Number(digits[1] ?? digits[2]), SECONDS_MAX) : Number.NaN;
}

function isLonger(one: number, other: number): boolean {
  return !Number.isNaN(one) && !(one <= other);
}

const SECONDS_MAX = 2 ** 31;
const LISTS: ReadonlySet<string> = new Set(['private', 'no-cache']);

/** @returns an empty list also for an invalid one: then it concerns all fields */
function fieldsOf(value: string | null): string[] {
  const list = /^"(.*)"$|^([^"]*)$/s.exec(value ?? '');
  const names = (list?.[1] ?? list?.[2] ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.every((name) => /^[!#$%&'*+\-.^_`|~\w]+$/.test(name)) ? names : [];
}
