import { unescape as percentDecoded } from 'node:querystring';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { CapturedBody } from '../../exchange/captured-body.ts';
import { DEPTH_MAX, depthOf } from '../../exchange/difference.ts';
import { withoutMembers } from '../../fields/secret-members.ts';
import { HIDDEN, isSecretName, shownText } from '../../fields/secrets.ts';
import type { BodyView } from '../../model/exchanges.ts';
import { shownParts } from './multipart.ts';

// A captured body for display: decoded, with secrets in JSON and forms masked. All of its bytes are untrusted.

/** @param fields of the message. @param maxBytes a body that decodes to more is unreadable */
export async function bodyView(
  captured: CapturedBody | null,
  fields: readonly string[],
  maxBytes = DECODED_MAX_BYTES,
): Promise<BodyView | null> {
  if (captured === null) return null;
  const type = fieldOf(fields, 'content-type');
  const coding = fieldOf(fields, 'content-encoding');
  const facts = { bytes: captured.bytes, truncated: captured.isTruncated, type, coding };
  const content = await decoded(captured.content, coding, maxBytes).catch(() => null);
  if (content === null) return { ...facts, kind: 'unreadable', text: null, base64: null };
  return { ...facts, ...shownContent(content, type ?? '', captured.isTruncated) };
}

type Shown = Pick<BodyView, 'kind' | 'text' | 'base64' | 'parts'>;

export function shownContent(content: Buffer, type: string, truncated: boolean): Shown {
  if (content.length === 0) return { kind: 'text', text: '', base64: null };
  // In UTF-7, names are not found (RFC 2152).
  if (/utf-?7\b/i.test(charsetOf(type))) return { kind: 'unreadable', text: null, base64: null };
  const isJson = /\bjson\b/i.test(type);
  if (isJson || /^application\/x-www-form-urlencoded\b/i.test(type)) {
    const text = textOf(content, type);
    if (isMisread(text)) return { kind: 'unreadable', text: null, base64: null };
    return isJson ? shownJson(text, truncated) : { kind: 'form', text: shownForm(text), base64: null };
  }
  if (/^image\/(png|jpeg|gif|webp|avif)\b/i.test(type))
    return { kind: 'image', text: null, base64: content.toString('base64') };
  if (/^multipart\//i.test(type)) {
    const parts = shownParts(content, type, truncated);
    const shown = { text: null, base64: null };
    return parts === null ? { kind: 'binary', ...shown } : { kind: 'multipart', ...shown, parts };
  }
  if (/^text\/|\b(xml|javascript|graphql|yaml)\b/i.test(type) || isText(content)) {
    // Names in JSON in UTF-16 that is not declared as such are only found without its NULs.
    const text = textOf(content, type).replaceAll('\0', '');
    return { kind: 'text', text: shownText(withoutMembers(text)), base64: null };
  }
  return { kind: 'binary', text: null, base64: null };
}

/** An unknown charset is read as UTF-8. */
function textOf(content: Buffer, type: string): string {
  const [, marked] = BYTE_ORDER_MARKS.find(([mark]) => content.toString('hex', 0, 3).startsWith(mark)) ?? [];
  const declared = charsetOf(type);
  // Text that falsely claims UTF-16 would be shown as ideographs, from which anybody could recover hidden bytes.
  const isNarrow = /^(utf-?16|ucs-2|unicode|iso-10646|csunicode)/.test(declared) && isText(content);
  try {
    return new TextDecoder(marked ?? (isNarrow ? 'utf-8' : declared)).decode(content);
  } catch {
    return content.toString();
  }
}

function charsetOf(type: string): string {
  return (/;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(type)?.[1] ?? 'utf-8').toLowerCase();
}

/** They win over the type: https://encoding.spec.whatwg.org/#decode */
const BYTE_ORDER_MARKS = [
  ['efbbbf', 'utf-8'],
  ['feff', 'utf-16be'],
  ['fffe', 'utf-16le'],
] as const;

/** JSON and forms begin with ASCII and have no NUL. Otherwise the charset is wrong, and names of secrets can't be found. */
const isMisread = (text: string) => /^[^\0-\x7f]|\0/.test(text);

/** JSON that is cut off or broken is masked as text. */
function shownJson(text: string, truncated: boolean): Shown {
  const value = truncated ? undefined : parsed(text);
  if (value === undefined) {
    return { kind: 'text', text: shownText(withoutMembers(text)), base64: null };
  }
  const masked = (name: string, member: unknown) => {
    if (name !== '' && isSecretName(name) && member !== null) return HIDDEN;
    return typeof member === 'string' ? shownText(withoutMembers(member)) : member;
  };
  return { kind: 'json', text: JSON.stringify(value, masked, 2), base64: null };
}

function parsed(text: string): unknown {
  // JSON.parse and stringify recurse: deeper nesting is masked as text.
  if (depthOf(text) > DEPTH_MAX) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shownForm(text: string): string {
  return text.split('&').map(shownPair).join('&');
}

function shownPair(pair: string): string {
  const [name = '', value] = pair.split(/=(.*)/s);
  if (value === undefined) return shownText(pair);
  if (isSecretName(formDecoded(name))) return `${name}=${HIDDEN}`;
  // The payload of a webhook is often JSON.
  const plain = formDecoded(value);
  const shown = withoutMembers(plain);
  return shown === plain ? shownText(pair) : `${name}=${shownText(shown)}`;
}

/** As far as it goes, if it is cut off. */
const formDecoded = (text: string) => percentDecoded(text.replaceAll('+', ' '));

function isText(content: Buffer): boolean {
  return content.subarray(0, 1_024).every((byte) => byte > 0x1f || (byte >= 0x09 && byte <= 0x0d));
}

/** Decodes off the loop and bounded: a few bytes may decode to gigabytes. A truncated body is decoded as far as it goes. @throws */
async function decoded(content: Buffer, coding: string | null, maxOutputLength: number): Promise<Buffer> {
  const codings = (coding ?? '').split(',').map((one) => one.trim().toLowerCase());
  let bytes = content;
  for (const one of codings.reverse()) {
    if (one === '' || one === 'identity') continue;
    const decode = DECODERS[one];
    if (decode === undefined || bytes.length === 0) throw new Error('a coding that is not known');
    bytes = await decode(bytes, { maxOutputLength });
  }
  return bytes;
}

const DECODED_MAX_BYTES = 1 << 20;
const { constants } = zlib;

type Decode = (bytes: Buffer, limits: { readonly maxOutputLength: number }) => Promise<Buffer>;

const gunzip: Decode = (bytes, limits) =>
  promisify(zlib.unzip)(bytes, { ...limits, finishFlush: constants.Z_SYNC_FLUSH });

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: gunzip,
  br: (bytes, limits) =>
    promisify(zlib.brotliDecompress)(bytes, { ...limits, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: (bytes, limits) =>
    promisify(zlib.zstdDecompress)(bytes, { ...limits, finishFlush: constants.ZSTD_e_flush }),
};

function fieldOf(fields: readonly string[], lowerName: string): string | null {
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i]!.toLowerCase() === lowerName) return fields[i + 1]!;
  return null;
}
