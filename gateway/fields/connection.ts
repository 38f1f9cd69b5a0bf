import { lengthsOf } from './field-names.ts';

/**
 * Fields that concern one connection only, and are never passed on (RFC 9110 §7.6.1). `te` and `trailer` are listed because each
 * is decided anew for the next connection. CGI, WSGI and their kin turn both `-` and `_` into `_`, so with underscores such a field,
 * or a second length, would arrive at a service as the very field that we have judged.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'keep_alive',
  'proxy_connection',
  'proxy_authorization',
  'transfer_encoding',
  'content_length',
]);

export const HOP_BY_HOP_ANSWER: ReadonlySet<string> = new Set(
  'connection keep-alive proxy-connection trailer transfer-encoding upgrade'.split(' '),
);

const HAS_LENGTH_OF_HOP_BY_HOP = lengthsOf(HOP_BY_HOP);

export function isHopByHop(lowerName: string): boolean {
  return HAS_LENGTH_OF_HOP_BY_HOP[lowerName.length] === 1 && HOP_BY_HOP.has(lowerName);
}

export function isHopByHopAnswer(lowerName: string): boolean {
  return HAS_LENGTH_OF_HOP_BY_HOP[lowerName.length] === 1 && HOP_BY_HOP_ANSWER.has(lowerName);
}

/**
 * The field names that a Connection field nominates as its own, added to those nominated before.
 * `close` and `keep-alive` are options, not fields; `null` stays `null` where there is nothing else, as nearly always.
 */
export function nominate(connection: string, nominated: Set<string> | null): Set<string> | null {
  if (connection === 'keep-alive' || connection === 'close') return nominated;
  let names = nominated;
  for (const option of connection.toLowerCase().split(',')) {
    const name = option.trim();
    if (name === '' || name === 'close' || name === 'keep-alive' || PROTECTED.has(name)) continue;
    names ??= new Set();
    names.add(name);
  }
  return names;
}

/**
 * `Connection` must not nominate end-to-end fields; a client that does so would remove fields on which the service relies (RFC 9110
 * §7.6.1).
 */
const PROTECTED: ReadonlySet<string> = new Set(
  'host content-length content-type authorization cookie set-cookie'.split(' '),
);

/** Drops the nominated fields from a list that was made before their names were known. */
export function withoutNominated(fields: readonly string[], nominated: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!nominated.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}
