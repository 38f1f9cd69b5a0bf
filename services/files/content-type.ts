import { extname } from 'node:path';
import mime from 'mime';

/** By the extension alone: what an uploader claims is not believed, and nothing is guessed from the bytes. */
export function contentTypeOf(name: string): string {
  const type = mime.getType(extname(name)) ?? 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
