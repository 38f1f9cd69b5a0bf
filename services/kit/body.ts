import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

/**
 * Reads a whole request body of at most `maxBytes`.
 * @throws Problem 413 for a larger one (at once where its length is announced), 415 for a content coding.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bodyChunks(request, maxBytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The same, piece by piece as it arrives; the client sends no faster than the pieces are taken. */
export async function* bodyChunks(request: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer, void> {
  refuseContentCoding(request);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  let bytes = 0;
  try {
    // Leaving a plain `for await` would destroy the request, and the connection that the refusal has to go out on.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      yield chunk;
    }
  } finally {
    // Node discards the rest only of a body that nobody began to read. Left unread, it would stand before the
    // connection's next request for ever.
    request.resume();
  }
}

/** @throws Problem 415 unless the request says that its body is of one of `types` (`application/json`). */
export function requireContentType(request: IncomingMessage, ...types: string[]): void {
  const given = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (types.includes(given)) return;
  // A form of a foreign page can send any text, but never this header without asking first (CORS preflight).
  const expected = types.map((type) => `"Content-Type: ${type}"`).join(' or ');
  throw new Problem(
    415,
    'unsupported_media_type',
    `Send ${expected}; this request ${given ? `says "${given}"` : 'has none'}.`,
  );
}

/** @throws Problem 400 for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, 'not_utf8', 'The body is not valid UTF-8.');
  }
}

function refuseContentCoding(request: IncomingMessage): void {
  const coding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (coding === 'identity') return;
  throw new Problem(
    415,
    'unsupported_content_encoding',
    `Send the body as it is; "${coding}" is not decoded here.`,
    {
      headers: { 'accept-encoding': 'identity' },
    },
  );
}

function tooLarge(maxBytes: number): Problem {
  return new Problem(
    413,
    'body_too_large',
    `The body is larger than ${maxBytes} bytes, the most that is taken here.`,
  );
}
