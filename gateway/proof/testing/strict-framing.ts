/** The parts of the strict reader that requests and answers share: fields, and where a body ends (RFC 9112 §5 to §7). */

export interface Field {
  readonly name: string;
  /** Without the white space around it. */
  readonly value: string;
}

/** Bytes, and how far they have been read. */
export interface Scan {
  readonly bytes: Buffer;
  at: number;
}

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close'; readonly ended: boolean };

export interface FramedBody {
  readonly framing: Framing['kind'];
  readonly body: Buffer;
  /** Of a chunked body. */
  readonly trailers: readonly Field[];
  /** Whether chunk sizes had extensions, which are for one hop only (RFC 9112 §7.1.1). */
  readonly extensions: boolean;
}

/** Thrown where more bytes could still make it right. */
export class Unfinished extends Error {}

/** Thrown where no bytes could. */
export class Refused extends Error {
  /** Where in the bytes the part begins that is not right. */
  readonly at: number;

  constructor(why: string, at: number) {
    super(why);
    this.at = at;
  }
}

/** The values of all fields of a name, in order. */
export function valuesOf(fields: readonly Field[], lowerName: string): string[] {
  return fields.filter(({ name }) => name.toLowerCase() === lowerName).map(({ value }) => value);
}

/** RFC 9112 §5: a token, a colon with nothing before it, a value of visible characters, spaces, tabs and obs-text; no folding. */
export function readFieldLines(lines: readonly string[], at: number): Field[] {
  return lines.map((line) => {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (match === null || !/^[\t\x20-\x7e\x80-\xff]*$/.test(match[2]!))
      throw new Refused(`the field line ${JSON.stringify(line)}`, at);
    return { name: match[1]!, value: match[2]! };
  });
}

/** RFC 9112 §6.3, without any of the repairs that it allows. */
export function framingOf(fields: readonly Field[], version: string, at: number): Framing | null {
  const codings = valuesOf(fields, 'transfer-encoding');
  const lengths = valuesOf(fields, 'content-length');
  if (codings.length + lengths.length > 1) throw new Refused('more than one framing', at);
  const [coding] = codings;
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') throw new Refused(`the coding ${JSON.stringify(coding)}`, at);
    if (version === '1.0') throw new Refused('chunks on HTTP/1.0', at);
    return { kind: 'chunked' };
  }
  const [length] = lengths;
  if (length === undefined) return null;
  if (!/^[0-9]+$/.test(length) || !Number.isSafeInteger(Number(length)))
    throw new Refused(`the length ${JSON.stringify(length)}`, at);
  return { kind: 'length', bytes: Number(length) };
}

/** @throws Unfinished, Refused */
export function readBodyOf(scan: Scan, framing: Framing): FramedBody {
  const plain = { framing: framing.kind, trailers: [], extensions: false };
  switch (framing.kind) {
    case 'none':
      return { ...plain, body: Buffer.alloc(0) };
    case 'length':
      return { ...plain, body: take(scan, framing.bytes) };
    case 'chunked':
      return readChunks(scan);
    case 'close':
      if (!framing.ended) throw new Unfinished('a body that the end of the connection ends');
      return { ...plain, body: take(scan, scan.bytes.length - scan.at) };
  }
}

/** RFC 9112 §7.1. */
function readChunks(scan: Scan): FramedBody {
  const chunks: Buffer[] = [];
  let extensions = false;
  for (;;) {
    const { at } = scan;
    const line = takeLine(scan);
    // The content of an extension doesn't matter here; every reader must see it end with the line.
    const match = /^([0-9A-Fa-f]{1,13})([ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line);
    if (match === null) throw new Refused(`the chunk size ${JSON.stringify(line.slice(0, 80))}`, at);
    extensions ||= match[2] !== undefined;
    const size = Number.parseInt(match[1]!, 16);
    if (size === 0) break;
    chunks.push(take(scan, size));
    const { at: end } = scan;
    if (take(scan, 2).toString('latin1') !== '\r\n') throw new Refused('a chunk longer than its size', end);
  }
  return { framing: 'chunked', body: Buffer.concat(chunks), trailers: readTrailers(scan), extensions };
}

function readTrailers(scan: Scan): Field[] {
  const { at } = scan;
  const lines: string[] = [];
  for (let line = takeLine(scan); line !== ''; line = takeLine(scan)) lines.push(line);
  return readFieldLines(lines, at);
}

function take(scan: Scan, count: number): Buffer {
  const end = scan.at + count;
  if (end > scan.bytes.length) throw new Unfinished(`${end - scan.bytes.length} bytes are missing`);
  const taken = scan.bytes.subarray(scan.at, end);
  scan.at = end;
  return taken;
}

/** The next line without its CRLF. */
function takeLine(scan: Scan): string {
  const { bytes, at } = scan;
  const end = bytes.indexOf('\r\n', at, 'latin1');
  const line = bytes.toString('latin1', at, end === -1 ? bytes.length : end);
  if (/[\r\n\0]/.test(end === -1 ? line.replace(/\r$/, '') : line))
    throw new Refused('a bare CR or LF, or a NUL, in a chunked body', at);
  if (end === -1) throw new Unfinished('no end of the line');
  scan.at = end + 2;
  return line;
}
