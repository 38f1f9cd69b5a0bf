/** How header fields stand in HTTP/2, on both sides. */

import { sensitiveHeaders } from 'node:http2';
import type { Fields } from './contract.ts';

/** Fields of an HTTP/1 connection, which HTTP/2 forbids (RFC 9113 §8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set(
  'connection keep-alive proxy-connection transfer-encoding upgrade http2-settings te'.split(' '),
);

/**
 * Values that never come twice. In the table of a connection they would drive out those that do, and each that follows would be compared with
 * all of them.
 */
const NEVER_INDEXED: object = {
  [sensitiveHeaders]: ['x-request-id', 'traceparent', 'ratelimit', 'server-timing'],
};

/** A list for Node that it sends with these as literals (RFC 7541 §6.2.3). */
export function neverIndexed(list: string[]): string[] {
  return Object.assign(list, NEVER_INDEXED);
}

/** The fields with names in lower case (RFC 9113 §8.2.1) and without connection fields. @param list they are appended to it */
export function lowered(fields: Fields, list: string[] = []): string[] {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    if (!CONNECTION_FIELDS.has(name)) list.push(name, fields[i + 1]!);
  }
  return list;
}

/** The same where Node takes an object only; repeated names become lists. */
export function grouped(fields: Fields): Record<string, string[]> {
  const group: Record<string, string[]> = Object.create(null);
  const list = lowered(fields);
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!;
    group[name] ??= [];
    group[name].push(list[i + 1]!);
  }
  return group;
}

/** Without pseudo-fields, as they came. */
export function regular(raw: Fields): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (!raw[i]!.startsWith(':')) fields.push(raw[i]!, raw[i + 1]!);
  return fields;
}

/** SETTINGS_MAX_HEADER_LIST_SIZE is advice (RFC 9113 §6.5.2), so received fields are measured. */
export function sizeOf(fields: Fields): number {
  let size = 0;
  for (const text of fields) size += text.length;
  return size;
}
