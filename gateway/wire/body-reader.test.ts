import { describe, expect, test } from 'vitest';
import type { Fields } from '../exchange/contract.ts';
import { FramingError } from '../exchange/framing-error.ts';
import { BodyReader } from './body-reader.ts';

type Begin = (reader: BodyReader) => void;

const chunks: Begin = (reader) => reader.expectChunks();
const counted =
  (bytes: number): Begin =>
  (reader) =>
    reader.expectBytes(bytes);

interface Read {
  readonly body: string;
  /** `null`: it has not ended. */
  readonly trailers: Fields | null;
  /** What was left to somebody else. */
  readonly behind: string;
}

/** Reads the text in pieces that end at these places. */
function read(begin: Begin, text: string, cuts: readonly number[] = []): Read {
  let body = '';
  let trailers: Fields | null = null;
  const reader = new BodyReader({
    bodyData: (buffer, from, to) => {
      body += buffer.toString('latin1', from, to);
    },
    bodyEnd: (fields) => {
      trailers = fields;
    },
  });
  begin(reader);
  const bytes = Buffer.from(text, 'latin1');
  let behind = '';
  for (const [from, to] of pieces(bytes.length, cuts)) {
    // Within a larger buffer, as from a socket: what stands around a piece must not matter.
    const around = Buffer.concat([Buffer.from('0\r\n'), bytes.subarray(from, to), Buffer.from('\r\n5\r\n')]);
    const end = reader.read(around, 3, 3 + to - from) - 3;
    behind += around.toString('latin1', 3 + end, 3 + to - from);
  }
  return { body, trailers, behind };
}

function pieces(length: number, cuts: readonly number[]): [number, number][] {
  const ends = [...cuts, length];
  return ends.map((end, at) => [ends[at - 1] ?? 0, end]);
}

/** Every cut in two, and byte by byte. */
function everySplit(length: number): number[][] {
  const inTwo = Array.from({ length: length + 1 }, (_, at) => [at]);
  return [...inTwo, Array.from({ length }, (_, at) => at)];
}

describe('a body', () => {
  test.each<[string, Begin, string, Read]>([
    ['with a length', counted(5), 'helloGET /', { body: 'hello', trailers: [], behind: 'GET /' }],
    ['with a length that is not reached', counted(9), 'hello', { body: 'hello', trailers: null, behind: '' }],
    [
      'that the connection ends',
      (r) => r.expectUntilClose(),
      'a\r\n\r\n',
      { body: 'a\r\n\r\n', trailers: null, behind: '' },
    ],
    ['in chunks', chunks, '5\r\nhello\r\n0\r\n\r\nGET', { body: 'hello', trailers: [], behind: 'GET' }],
    ['of no chunk', chunks, '0\r\n\r\n', { body: '', trailers: [], behind: '' }],
    [
      'with zeros in front of the size',
      chunks,
      '00a\r\n0123456789\r\n000\r\n\r\n',
      { body: '0123456789', trailers: [], behind: '' },
    ],
    [
      'with line ends inside',
      chunks,
      '6\r\na\r\n\r\nb\r\n0\r\n\r\n',
      { body: 'a\r\n\r\nb', trailers: [], behind: '' },
    ],
    ['with extensions', chunks, '1;a=b;c="d"\r\nx\r\n0;e\r\n\r\n', { body: 'x', trailers: [], behind: '' }],
    [
      'with trailers',
      chunks,
      '1\r\nx\r\n0\r\nA: 1\r\nb:\xe9 \r\n\r\n',
      { body: 'x', trailers: ['A', '1', 'b', '\xe9'], behind: '' },
    ],
    ['with no end yet', chunks, '1\r\nx\r\n0\r\nA: 1\r\n', { body: 'x', trailers: null, behind: '' }],
  ])('%s is read alike in every split', (_what, begin, text, expected) => {
    for (const cuts of everySplit(text.length))
      expect(read(begin, text, cuts), String(cuts)).toEqual(expected);
  });
});

describe('chunks are refused', () => {
  test.each([
    ['no size', '\r\n'],
    ['a sign', '+5\r\nhello\r\n'],
    ['0x', '0x5\r\nhello\r\n'],
    ['a space in front', ' 5\r\nhello\r\n'],
    ['a space behind', '5 \r\nhello\r\n'],
    ['a space in front of an extension', '5 ;a\r\nhello\r\n'],
    ['more than 2^52', '10000000000000000\r\n'],
    ['a bare LF behind the size', '5\nhello\r\n'],
    ['a bare CR in the size line', '5\r;\r\nhello\r\n'],
    ['a bare LF in an extension', '5;a\nb\r\nhello\r\n'],
    ['a space in an extension', '5;a b\r\nhello\r\n'],
    ['a slash in an extension', '5;a/b\r\nhello\r\n'],
    ['a byte beyond ASCII in an extension', '5;\xd6\r\nhello\r\n'],
    ['NUL in an extension', '5;a\0\r\nhello\r\n'],
    ['a chunk longer than its size', '3\r\nhello\r\n'],
    ['a chunk that ends with LF', '5\r\nhello\n0\r\n\r\n'],
    ['a trailer that is no field', '0\r\nno colon\r\n\r\n'],
    ['a length in the trailers', '0\r\nContent-Length: 5\r\n\r\n'],
    ['Connection in the trailers', '0\r\nConnection: close\r\n\r\n'],
    ['a coding in the trailers', '0\r\nA: 1\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['a folded trailer', '0\r\nA: 1\r\n b\r\n\r\n'],
    ['a trailer with a space before its colon', '0\r\nA : 1\r\n\r\n'],
    ['a trailer with a bare LF', '0\r\nA: 1\nB: 2\r\n\r\n'],
    ['a size line without end', '1'.repeat(5_000)],
    ['trailers without end', `0\r\n${'A: 1\r\n'.repeat(3_000)}`],
  ])('for %s, in every split', (_what, text) => {
    const cuts = text.length > 100 ? [[], [1], [text.length - 1]] : everySplit(text.length);
    for (const cut of cuts) expect(() => read(chunks, text, cut), String(cut)).toThrow(FramingError);
  });
});
