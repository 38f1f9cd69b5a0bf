import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nameFault } from './location.ts';
import { isMissing } from './tree.ts';

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** In bytes; 0 for a folder. */
  readonly size: number;
  /** ISO 8601. */
  readonly modified: string;
}

export interface FolderPage {
  readonly entries: readonly FolderEntry[];
  /** The last name of this page where more follow; pass it on as `after`. */
  readonly next: string | null;
}

const folderPageMax = 1000;

/** Files and folders in the order of their names; links, and names that no path could say, are left out. */
export async function listFolder(path: string, after: string, limit = folderPageMax): Promise<FolderPage> {
  const names = (await readdir(path, { withFileTypes: true }))
    .filter((entry) => (entry.isFile() || entry.isDirectory()) && nameFault(entry.name) === null)
    .map((entry) => entry.name)
    .filter((name) => name > after)
    .sort();
  const page = names.slice(0, limit);
  const entries = await Promise.all(page.map((name) => describeEntry(path, name)));
  return {
    entries: entries.filter((entry) => entry !== null),
    next: names.length > limit ? (page.at(-1) ?? null) : null,
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
