/**
 * Parses a request target (RFC 9112 §3.2).
 *
 * A target has two views. *Raw* is what the client sent and the service gets, byte for byte. *Canonical* is used for every decision: the
 * path with percent-escapes of unreserved characters decoded and all other escapes in upper case, the two changes that RFC 3986 §6.2.2
 * guarantees not to change a path's meaning. Matching, authorization and stripping all use the one canonical view, so that `/%64b/x` can't
 * pass a check for `/db`. Lengths differ between the views: `rawLength` converts.
 */
import { splitAbsoluteForm } from './authority.ts';
import { isFoldable } from './folded-readings.ts';
import { refuse, type TargetFault, type TargetRefusal } from './target-fault.ts';

export interface RequestTarget {
  /** `asterisk`: `OPTIONS *` (RFC 9112 §3.2.4); it matches no route, `raw` and `canonical` are `*`. */
  readonly kind: 'path' | 'asterisk';
  /** Path and query as sent; of an absolute form the part after the authority, with `/` for an empty path. */
  readonly raw: string;
  /** How much of `raw` is the path. */
  readonly rawPathLength: number;
  /** As sent, from the first `?` on; empty without one. */
  readonly query: string;
  /** The path in its decoded view. */
  readonly canonical: string;
  /** Where in `canonical` a decoded escape stands, ascending: each takes three characters in `raw`. `null`: nowhere. */
  readonly decodedAt: readonly number[] | null;
  /** Whether the path has something that some services fold (folded-readings.ts). */
  readonly foldable: boolean;
  /** Host and port of an absolute-form, as sent: it beats the `Host` field (RFC 9112 §3.2.2). */
  readonly authority: string | null;
}

export type ParsedTarget = { readonly ok: true; readonly target: RequestTarget } | TargetRefusal;

export interface CanonicalPath {
  readonly ok: true;
  readonly path: string;
  readonly decodedAt: readonly number[] | null;
}

const SPACE = 0x20;
const HASH = 0x23;
const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const QUESTION = 0x3f;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** Reads the target of a request line: origin-form, absolute-form or `*`. Never throws. */
export function parseTarget(rawTarget: string): ParsedTarget {
  if (rawTarget.charCodeAt(0) === SLASH) return parseOriginForm(rawTarget, null);
  if (rawTarget === '*') return asteriskForm();
  return parseAbsoluteForm(rawTarget);
}

/**
 * The canonical view of a path without query, for the prefixes of the configuration as for requests. A trailing `/` is kept:
 * whether `/db/` as a prefix means `/db` is the configuration's decision.
 */
export function canonicalPath(raw: string): CanonicalPath | TargetRefusal {
  if (raw.charCodeAt(0) !== SLASH) return refuse('not-a-path', 0);
  const decoded = decodeUnreserved(raw);
  if (!decoded.ok) return decoded;
  const dots = dotSegmentAt(decoded.path);
  return dots === -1 ? decoded : refuse('dot-segment', toRawLength(decoded.decodedAt, dots));
}

/** How many characters of `target.raw` the first `canonicalLength` characters of `target.canonical` stand for. */
export function rawLength(target: RequestTarget, canonicalLength: number): number {
  return toRawLength(target.decodedAt, canonicalLength);
}

function toRawLength(decodedAt: readonly number[] | null, canonicalLength: number): number {
  if (decodedAt === null) return canonicalLength;
  let length = canonicalLength;
  for (const at of decodedAt) {
    if (at >= canonicalLength) break;
    length += 2;
  }
  return length;
}

function asteriskForm(): ParsedTarget {
  const target: RequestTarget = {
    kind: 'asterisk',
    raw: '*',
    rawPathLength: 1,
    query: '',
    canonical: '*',
    decodedAt: null,
    foldable: false,
    authority: null,
  };
  return { ok: true, target };
}

function parseAbsoluteForm(rawTarget: string): ParsedTarget {
  const split = splitAbsoluteForm(rawTarget);
  if (!split.ok) return split;
  // `http://host?x` has an empty path, which stands for `/` (RFC 9112 §3.2.1).
  const missing = rawTarget.charCodeAt(split.end) === SLASH ? '' : '/';
  const parsed = parseOriginForm(missing + rawTarget.slice(split.end), split.authority);
  return parsed.ok ? parsed : refuse(parsed.reason, parsed.at + split.end - missing.length);
}

/** `raw` begins with `/`. */
function parseOriginForm(raw: string, authority: string | null): ParsedTarget {
  const plainEnd = plainPathEnd(raw);
  if (plainEnd === -1) return parseUnusual(raw, authority);
  const refusal = queryRefusal(raw, plainEnd);
  if (refusal !== null) return refusal;
  return pathTarget(raw, plainEnd, raw.slice(0, plainEnd), null, false, authority);
}

function parseUnusual(raw: string, authority: string | null): ParsedTarget {
  const question = raw.indexOf('?');
  const end = question === -1 ? raw.length : question;
  const path = canonicalPath(raw.slice(0, end));
  if (!path.ok) return path;
  const foldable = isFoldable(path.path);
  return queryRefusal(raw, end) ?? pathTarget(raw, end, path.path, path.decodedAt, foldable, authority);
}

function pathTarget(
  raw: string,
  end: number,
  canonical: string,
  decodedAt: readonly number[] | null,
  foldable: boolean,
  authority: string | null,
): ParsedTarget {
  const query = end === raw.length ? '' : raw.slice(end);
  return {
    ok: true,
    target: { kind: 'path', raw, rawPathLength: end, query, canonical, decodedAt, foldable, authority },
  };
}

/**
 * The end of the path if it equals its canonical view; -1 if it has anything to decode, refuse or fold, or a segment that begins with a
 * dot. Nearly every request takes this way, so it is one pass of comparisons.
 */
function plainPathEnd(raw: string): number {
  for (let at = 1; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code > QUESTION) {
      if (code < DELETE && code !== BACKSLASH) continue;
      return -1;
    }
    if (code > PERCENT && code < QUESTION && code !== SEMICOLON) {
      if ((code !== DOT && code !== SLASH) || raw.charCodeAt(at - 1) !== SLASH) continue;
      return -1;
    }
    return code === QUESTION ? at : -1;
  }
  return raw.length;
}

/** The query belongs to the service: only characters that no target may contain are refused (RFC 3986 §2, RFC 9112 §3.2). */
function queryRefusal(raw: string, from: number): TargetRefusal | null {
  for (let at = from; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code <= SPACE || code >= DELETE || code === HASH) {
      const reason = byteFault(code);
      if (reason !== null) return refuse(reason, at);
    }
  }
  return null;
}

function byteFault(code: number): TargetFault | null {
  if (code === 0) return 'nul';
  if (code <= SPACE || code === DELETE) return 'control';
  if (code > DELETE) return 'non-ascii';
  return code === HASH ? 'fragment' : null;
}

function pathByteFault(code: number): TargetFault | null {
  if (code === BACKSLASH) return 'backslash';
  if (code === QUESTION) return 'query';
  return byteFault(code);
}

function decodeUnreserved(raw: string): CanonicalPath | TargetRefusal {
  const decodedAt: number[] = [];
  let path = '';
  let copied = 0;
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    const escaped = code === PERCENT ? hexByte(raw, at + 1) : -1;
    const reason = code === PERCENT ? escapeFault(escaped) : pathByteFault(code);
    if (reason !== null) return refuse(reason, at);
    if (code !== PERCENT) continue;
    path += raw.slice(copied, at);
    if (isUnreserved(escaped)) decodedAt.push(path.length);
    path += isUnreserved(escaped) ? String.fromCharCode(escaped) : raw.slice(at, at + 3).toUpperCase();
    at += 2;
    copied = at + 1;
  }
  return { ok: true, path: path + raw.slice(copied), decodedAt: decodedAt.length === 0 ? null : decodedAt };
}

function escapeFault(byte: number): TargetFault | null {
  if (byte === -1) return 'malformed-escape';
  if (byte === 0) return 'nul';
  return byte === BACKSLASH ? 'backslash' : null;
}

/** The byte that two hexadecimal digits at `at` stand for; -1 where they are not that. */
function hexByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** RFC 3986 §2.3: letters, digits, `-`, `.`, `_`, `~`. */
function isUnreserved(byte: number): boolean {
  const lower = byte | 0x20;
  if ((lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39)) return true;
  return byte === 0x2d || byte === DOT || byte === 0x5f || byte === 0x7e;
}

/**
 * Where a `.` or `..` segment begins, or -1. A service may decode `%2F` before it resolves dots, or cut `;parameters` off
 * first (`/..;/` is the way out of a prefix with servlet containers), so both count as a segment's end here, and only here.
 */
function dotSegmentAt(canonical: string): number {
  for (let at = canonical.indexOf('.'); at !== -1; at = canonical.indexOf('.', at + 1)) {
    const begins = canonical.charCodeAt(at - 1) === SLASH || canonical.startsWith('%2F', at - 3);
    const end = canonical.charCodeAt(at + 1) === DOT ? at + 2 : at + 1;
    if (begins && endsSegment(canonical, end)) return at;
  }
  return -1;
}

function endsSegment(canonical: string, at: number): boolean {
  if (at === canonical.length) return true;
  const next = canonical.charAt(at);
  return next === '/' || next === ';' || canonical.startsWith('%2F', at) || canonical.startsWith('%3B', at);
}
