import type { Fields } from '../forward/exchange.ts';

/** One chunk on its way out (RFC 9112 §7.1), its size line and its end in one piece with it: a write each would cost more than the copy. */
export function chunkOf(data: Buffer): Buffer {
  const size = data.length.toString(16);
  const start = size.length + 2;
  const chunk = Buffer.allocUnsafe(start + data.length + 2);
  chunk.write(`${size}\r\n`, 'latin1');
  data.copy(chunk, start);
  chunk[start + data.length] = CR;
  chunk[start + data.length + 1] = LF;
  return chunk;
}

/** The last chunk, with what stands behind it (RFC 9112 §7.1.2). */
export function lastChunkText(trailers: Fields): string {
  let text = '0\r\n';
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
  return `${text}\r\n`;
}

const CR = 0x0d;
const LF = 0x0a;
