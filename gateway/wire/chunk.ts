import type { Fields } from '../exchange/contract.ts';

/** What stands in front of the bytes of a chunk, and behind them (RFC 9112 §7.1). */
export function chunkSize(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

export const CHUNK_END = '\r\n';

/** The last chunk, with what stands behind it (RFC 9112 §7.1.2). */
export function lastChunkText(trailers: Fields): string {
  let text = '0\r\n';
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
  return `${text}\r\n`;
}
