import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pageHeaders, prefersPage } from '../kit/page.ts';
import { publicPrefix } from '../kit/public-address.ts';
import { type FolderEntry, type FolderPage, renderFolderPage } from './folder-page.ts';
import { encodeLocation, type Location, nameFault } from './location.ts';
import { type FileTree, isMissing, pathOf } from './tree.ts';

const folderPageMax = 1000;

/** Files and folders in the order of their names; links, and names that no path could say, are left out. */
async function listFolder(path: string, after: string): Promise<FolderPage> {
  const names = (await readdir(path, { withFileTypes: true }))
    .filter((entry) => (entry.isFile() || entry.isDirectory()) && nameFault(entry.name) === null)
    .map((entry) => entry.name)
    .filter((name) => name > after)
    .sort();
  const page = names.slice(0, folderPageMax);
  const entries = await Promise.all(page.map((name) => describeEntry(path, name)));
  return {
    entries: entries.filter((entry) => entry !== null),
    next: names.length > folderPageMax ? (page.at(-1) ?? null) : null,
  };
}

async function describeEntry(folder: string, name: string): Promise<FolderEntry | null> {
  try {
    const stats = await lstat(join(folder, name));
    const kind = stats.isDirectory() ? 'folder' : 'file';
    return { name, kind, size: kind === 'file' ? stats.size : 0, modified: stats.mtime.toISOString() };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

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
