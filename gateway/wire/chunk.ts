import type { Fields } from '../exchange/contract.ts';

/** The line in front of a chunk's bytes (RFC 9112 §7.1). */
export function chunkSize(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

export const CHUNK_END = '\r\n';

/** The last chunk and the trailers (RFC 9112 §7.1.2). */
export function lastChunkText(trailers: Fields): string {
  let text = '0\r\n';
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
  return `${text}\r\n`;
}
