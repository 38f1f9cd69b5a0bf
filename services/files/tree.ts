import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from '../kit/problem.ts';
import type { Location } from './location.ts';

/** The folder on the disk that locations are resolved in. Symbolic links in it are treated as if they were not there. */
export interface FileTree {
  readonly root: string;
  /** Where uploads grow until they are whole; on the same file system, so that a rename moves them. */
  readonly incoming: string;
}

/** Makes the folders, and removes what an earlier process left half done. */
export async function openTree(dataDir: string): Promise<FileTree> {
  const tree = { root: join(dataDir, 'tree'), incoming: join(dataDir, 'incoming') };
  await rm(tree.incoming, { recursive: true, force: true });
  await mkdir(tree.incoming, { recursive: true });
  await mkdir(tree.root, { recursive: true });
  return tree;
}

export function pathOf(tree: FileTree, location: Location): string {
  return join(tree.root, ...location.segments);
}

export function newTemporaryPath(tree: FileTree): string {
  return join(tree.incoming, randomUUID());
}

/**
 * What is at a location: `null` for nothing, and for all that is neither file nor folder.
 * Every segment is looked at without following links, so that a link in the tree is no way out of it.
 */
export async function statLocation(tree: FileTree, location: Location): Promise<BigIntStats | null> {
  let path = tree.root;
  let stats = await statNoFollow(path);
  for (const segment of location.segments) {
    if (!stats?.isDirectory()) return null;
    path = join(path, segment);
    stats = await statNoFollow(path);
  }
  return stats && (stats.isFile() || stats.isDirectory()) ? stats : null;
}

/**
 * Makes the folders above a location where they are missing, durably.
 * @throws Problem 409 where a file (or a link) stands in the way.
 */
export async function makeParents(tree: FileTree, location: Location): Promise<void> {
  let path = tree.root;
  for (const segment of location.segments.slice(0, -1)) {
    const parent = path;
    path = join(path, segment);
    const stats = await statNoFollow(path);
    if (stats?.isDirectory()) continue;
    if (stats) throw new Problem(409, 'not_a_folder', `"${segment}" in this path is not a folder.`);
    await mkdir(path);
    await syncFolder(parent);
  }
}

/** Makes a rename, creation or removal in `folder` durable: the entry is the folder's data. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function syncParent(path: string): Promise<void> {
  return syncFolder(dirname(path));
}

async function statNoFollow(path: string): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
