import { Problem } from '../kit/problem.ts';

/** Both ends belong to it, counted from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * One range of `Range: bytes=…`, clipped to the size. `null`: answer with the whole; that is what several ranges,
 * another unit and broken syntax get (RFC 9110 §14.2 lets a server ignore the field).
 * @throws Problem 416 for a range that begins behind the end.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | null {
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  if (first === '') return suffix(Number(last), size);
  if (last !== '' && Number(last) < Number(first)) return null;
  if (Number(first) >= size) throw unsatisfiable(size);
  return { first: Number(first), last: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

function suffix(length: number, size: number): ByteRange {
  if (length === 0 || size === 0) throw unsatisfiable(size);
  return { first: Math.max(0, size - length), last: size - 1 };
}

function unsatisfiable(size: number): Problem {
  return new Problem(
    416,
    'range_not_satisfiable',
    `The file has ${size} bytes; the range begins behind its end.`,
    {
      headers: { 'content-range': `bytes */${size}` },
    },
  );
}
