import { Problem } from '../kit/problem.ts';

const newline = 10;

/**
 * Splits bytes into lines, holding no more than one line and one chunk.
 * @throws Problem 413 for a line longer than `maxBytes`.
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<Buffer, void> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  const take = (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > maxBytes) throw new Problem(413, 'line_too_long', `A line has at most ${maxBytes} bytes.`);
    pieces.push(piece);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      take(chunk.subarray(start, end));
      yield Buffer.concat(pieces, bytes);
      pieces = [];
      bytes = 0;
      start = end + 1;
    }
    take(chunk.subarray(start));
  }
  if (bytes > 0) yield Buffer.concat(pieces, bytes);
}
