/** The changes of compression to the head of an answer. */

import type { Fields } from '../../exchange/contract.ts';
import { acceptedCodings, isCompressible } from '../../fields/content-coding.ts';
import type { CompressSettings } from './keys.ts';

export type Coding = 'zstd' | 'br' | 'gzip';

const EVERY_CODING: readonly Coding[] = ['zstd', 'br', 'gzip'];

/** Properties of the body, and whether it may be changed. */
interface HeadFacts {
  type: string;
  length: number | null;
  coded: boolean;
  untouchable: boolean;
}

export interface CodedHead {
  readonly fields: Fields;
  /** `null`: the body stays as it is. */
  readonly coding: Coding | null;
  /** Pieces are to arrive as they are sent: their number, or their end, is not known. */
  readonly streaming: boolean;
}

/** Decides which answers could be compressed, and writes their heads. */
export class CodedHeads {
  readonly #encodings: readonly Coding[];
  readonly #minimumBytes: number;
  readonly #types: readonly string[] | null;

  constructor({ encodings, minimumBytes, types }: CompressSettings) {
    this.#encodings = encodings ?? EVERY_CODING;
    this.#minimumBytes = minimumBytes;
    this.#types = types;
  }

  /** @param accept all `Accept-Encoding` of the request. @param room whether one more may be compressed now */
  of(status: number, fields: Fields, accept: string | undefined, room: boolean): CodedHead {
    const facts = factsOf(fields);
    const as = (changed: Fields, coding: Coding | null = null) => ({
      fields: changed,
      coding,
      streaming: facts.length === null,
    });
    // A validated answer was compressed when it was sent, under its weak tag.
    if (status === 304) return as(facts.untouchable ? fields : withVary(weakened(fields)));
    if (!this.#mayBe(status, facts)) return as(fields);
    const [coding] = acceptedCodings(accept, this.#encodings);
    // A cache must know that others get it in another form.
    if (coding === undefined || !room) return as(withVary(fields));
    return as([...withVary(weakened(without(fields, OF_THE_BYTES))), 'Content-Encoding', coding], coding);
  }

  #mayBe(status: number, { type, length, coded, untouchable }: HeadFacts): boolean {
    if (status < 200 || WITHOUT_BODY_OR_PARTS.has(status) || coded || untouchable) return false;
    if (length !== null && length < this.#minimumBytes) return false;
    return this.#types === null ? isCompressible(type) : this.#types.some((one) => covers(one, type));
  }
}

const WITHOUT_BODY_OR_PARTS: ReadonlySet<number> = new Set([204, 205, 206, 416]);

/** True of the bytes before they are compressed; a range of the others can't be asked for. */
const OF_THE_BYTES: ReadonlySet<string> = new Set([
  ...['content-length', 'accept-ranges', 'content-encoding'],
  ...['content-md5', 'digest', 'content-digest', 'repr-digest'],
]);

function factsOf(fields: Fields): HeadFacts {
  const facts: HeadFacts = { type: '', length: null, coded: false, untouchable: false };
  for (let i = 0; i < fields.length; i += 2) read(facts, fields[i]!.toLowerCase(), fields[i + 1]!);
  return facts;
}

function read(facts: HeadFacts, name: string, value: string): void {
  if (name === 'content-type') facts.type = value.split(';', 1)[0]!.trim().toLowerCase();
  else if (name === 'content-length') facts.length = Number(value);
  else if (name === 'content-encoding') facts.coded ||= !/^\s*(?:identity)?\s*$/i.test(value);
  // RFC 9111 §5.2.2.6; and parts of a whole, whatever the status.
  else if (name === 'cache-control') facts.untouchable ||= /\bno-transform\b/i.test(value);
  else if (name === 'content-range') facts.untouchable = true;
}

function covers(one: string, type: string): boolean {
  return one.endsWith('/*') ? type.startsWith(one.slice(0, -1)) : one === type;
}

function without(fields: Fields, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (!names.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
  return kept;
}

/** The compressed bytes differ from those that a strong tag vouches for (RFC 9110 §8.8.1). */
function weakened(fields: Fields): Fields {
  return fields.map((text, at) =>
    at % 2 === 1 && fields[at - 1]!.toLowerCase() === 'etag' && text.startsWith('"') ? `W/${text}` : text,
  );
}

function withVary(fields: Fields): Fields {
  for (let i = 0; i < fields.length; i += 2)
    if (
      fields[i]!.toLowerCase() === 'vary' &&
      /(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(fields[i + 1]!)
    )
      return fields;
  return [...fields, 'Vary', 'Accept-Encoding'];
}

/**
 * A client returns the weak tag that it got, and the service may know the strong one: it is asked for both. Both stand for the same
 * content, so a change that is conditional on one (If-Match) is conditional on the right state.
 */
export function withStrongTwins(fields: Fields): Fields {
  if (!fields.some((text, at) => at % 2 === 0 && CONDITIONS.has(text.toLowerCase()))) return fields;
  return fields.map((text, at) => {
    if (at % 2 === 0 || !CONDITIONS.has(fields[at - 1]!.toLowerCase())) return text;
    return text.replace(WEAK_TAG, (weak, strong) => `${weak}, ${strong}`);
  });
}

const CONDITIONS: ReadonlySet<string> = new Set(['if-none-match', 'if-match']);
const WEAK_TAG = /W\/("[\x21\x23-\x7e\x80-\xff]*")/g;
