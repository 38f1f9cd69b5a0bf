import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pageHead } from './page-head.ts';
import { Problem } from './problem.ts';

/** A page's files in memory: a few KiB, read once. */
export interface Page {
  /** Answers with the document `index.html`. */
  send(request: FastifyRequest, reply: FastifyReply): FastifyReply;
}

/**
 * Nothing but files of this service, no inline script or style, no frame around it. Pages name their files relative to
 * themselves (`_page/app.js`), so that they work behind any prefix.
 */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const sharedFolder = join(import.meta.dirname, 'page');

export interface PageFile {
  readonly bytes: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Serves the files of `folder` (with the fleet's shared style) below `/_page/`, and has its `index.html` at hand. */
export function addPage(app: FastifyInstance, folder: string, name: string): Page {
  const [before, after] = addPageFiles(app, folder)
    .get('index.html')!
    .bytes.toString()
    .split('<!-- head -->') as [string, string];
  return {
    send(request, reply) {
      const bytes = Buffer.from(before + pageHead(request, name).text + after);
      return sendFile(request, reply, pageFile(bytes, '.html'));
    },
  };
}

/** The same for a service that writes its documents itself. */
export function addPageFiles(app: FastifyInstance, folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map([...readFiles(sharedFolder), ...readFiles(folder)]);
  app.get<{ Params: { file: string } }>('/_page/:file', (request, reply) => {
    const file = files.get(request.params.file);
    if (!file) throw new Problem(404, 'not_found', 'The page has no such file.');
    return sendFile(request, reply, file);
  });
  return files;
}

/** Whether the client would rather have a page than JSON: a browser that navigates, not `fetch` and not curl. */
export function prefersPage(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? '';
  return (
    /\btext\/html\b/.test(accept) && !/\bapplication\/json\b/.test(accept.split('text/html', 1)[0] ?? '')
  );
}

export function pageHeaders(reply: FastifyReply): FastifyReply {
  return reply
    .header('content-security-policy', pagePolicy)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'same-origin');
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  pageHeaders(reply).header('etag', file.etag).header('cache-control', 'no-cache').header('vary', 'accept');
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  return reply.type(file.type).send(file.bytes);
}

function readFiles(folder: string): [string, PageFile][] {
  return readdirSync(folder)
    .filter((name) => contentTypes[extname(name)])
    .map((name) => [name, pageFile(readFileSync(join(folder, name)), extname(name))]);
}

function pageFile(bytes: Buffer, extension: string): PageFile {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  return { bytes, etag, type: contentTypes[extension]! };
}
