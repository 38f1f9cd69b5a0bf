import type { FastifyReply, FastifyRequest } from 'fastify';
import { pageHeaders, prefersPage } from '../kit/page.ts';
import { publicPrefix } from '../kit/public-address.ts';
import { listFolder } from './folder-listing.ts';
import { renderFolderPage } from './folder-page.ts';
import { encodeLocation, type Location } from './location.ts';
import { type FileTree, pathOf } from './tree.ts';

/** A folder as JSON, or as a page for a browser. */
export async function sendFolder(
  tree: FileTree,
  location: Location,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const after = new URLSearchParams(request.raw.url?.split('?')[1]).get('after') ?? '';
  const page = await listFolder(pathOf(tree, location), after);
  reply.header('vary', 'accept').header('cache-control', 'no-cache');
  if (prefersPage(request)) {
    return pageHeaders(reply)
      .type('text/html; charset=utf-8')
      .send(renderFolderPage(request, location, page));
  }
  const base = publicPrefix(request.headers) + encodeLocation({ ...location, folder: true });
  const entries = page.entries.map((entry) => ({
    ...entry,
    href: `${base}${encodeURIComponent(entry.name)}${entry.kind === 'folder' ? '/' : ''}`,
  }));
  return reply.send({ path: base, entries, next: page.next });
}
