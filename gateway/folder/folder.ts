import { constants, fstatSync, readlinkSync, type Stats } from 'node:fs';
import { type FileHandle, open, opendir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { FolderConfig } from '../model/config.ts';

/** The result of looking up the path of a request. */
export type Found =
  | { readonly kind: 'file'; readonly file: FoundFile }
  /** It is a directory, and the path has no slash at its end: relative links of its page would go wrong. */
  | { readonly kind: 'slash-missing' }
  | { readonly kind: 'listing'; readonly entries: readonly ListedEntry[] }
  /** @see why for the log alone */
  | { readonly kind: 'none'; readonly why: string };

export interface FoundFile {
  /** Without a symbolic link in it. */
  readonly root: string;
  /** Below it, as the system names it. */
  readonly name: string;
}

export interface ListedEntry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** The files of one route: where a path leads, and that it leads nowhere else. */
export class Folder {
  readonly config: FolderConfig;

  constructor(config: FolderConfig) {
    this.config = config;
  }

  /** @param path as a service would get it, without the query; percent-encoded. */
  async find(path: string): Promise<Found> {
    const names = namesOf(path);
    if (names === null) return none('the path is no name of a file');
    const root = await this.#root();
    if (root === null) return none(`${this.config.path} is not there`);
    const place = await placeOf(root, names);
    if (typeof place === 'string') return none(place);
    const asDirectory = path.endsWith('/');
    if (place.stats.isDirectory())
      return asDirectory ? this.#directory(root, names) : { kind: 'slash-missing' };
    // A pipe or a device would be read for ever.
    if (!place.stats.isFile() || asDirectory) return none(`${place.name} is no file`);
    return { kind: 'file', file: { root, name: place.name } };
  }

  /** The page of a single-page application, for every path without a file. */
  async fallback(): Promise<FoundFile | null> {
    const { fallback } = this.config;
    const root = await this.#root();
    return fallback === null || root === null ? null : fileOf(root, fallback.split('/'));
  }

  async #directory(root: string, names: readonly string[]): Promise<Found> {
    for (const index of this.config.index) {
      const file = await fileOf(root, [...names, index]);
      if (file !== null) return { kind: 'file', file };
    }
    if (!this.config.listing) return none('a directory without an index, and `listing` is off');
    return { kind: 'listing', entries: await entriesOf(join(root, ...names)) };
  }

  /** It may be a symbolic link itself, which is set to another place with each release. */
  async #root(): Promise<string | null> {
    try {
      return await realpath(this.config.path);
    } catch {
      return null;
    }
  }
}

/** The same file in a content coding, made beforehand: `app.js.br`. */
export async function codedFile({ root, name }: FoundFile, suffix: string): Promise<FoundFile | null> {
  return fileOf(root, `${name}${suffix}`.split(sep));
}

async function fileOf(root: string, names: readonly string[]): Promise<FoundFile | null> {
  const place = await placeOf(root, names);
  return typeof place !== 'string' && place.stats.isFile() ? { root, name: place.name } : null;
}

/** @returns a text: why there is nothing, or nothing that may be shown. */
async function placeOf(
  root: string,
  names: readonly string[],
): Promise<{ readonly name: string; readonly stats: Stats } | string> {
  try {
    const real = await realpath(join(root, ...names));
    const name = relative(root, real);
    if (isOutside(name)) return `a symbolic link leads out of the folder, to ${real}`;
    if (isHidden(name.split(sep))) return `${name} is hidden`;
    return { name, stats: await stat(real) };
  } catch (cause) {
    return (cause as Error).message;
  }
}

/** @param name relative to the folder */
function isOutside(name: string): boolean {
  return isAbsolute(name) || name === '..' || name.startsWith(`..${sep}`);
}

/** An open file; the caller closes its handle. */
export interface OpenFile {
  readonly handle: FileHandle;
  /** Refers to this very file, whatever has its name now; on systems without such a path, its name. */
  readonly path: string;
}

/** @returns `null`: something else has its name by now. @throws where it can't be opened */
export async function openFile({ root, name }: FoundFile): Promise<OpenFile | null> {
  const path = join(root, name);
  // The opening of a pipe would hold one of four threads until somebody writes into it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const opened = `/proc/self/fd/${handle.fd}`;
  const real = placeOfOpen(opened);
  if (fstatSync(handle.fd).isFile() && !hasStrayed(root, real))
    return { handle, path: real === null ? path : opened };
  await handle.close();
  return null;
}

/**
 * Whether an open file is another one than was found: meanwhile a symbolic link may have replaced it or a directory above it. Linux knows
 * the path of an open file without reading the disk; elsewhere this is not checked. The case of names may be that of the first request.
 */
function hasStrayed(root: string, real: string | null): boolean {
  if (real === null) return false;
  const name = relative(root.toLowerCase(), real.toLowerCase());
  return isOutside(name) || isHidden(name.split(sep));
}

function placeOfOpen(opened: string): string | null {
  try {
    return readlinkSync(opened);
  } catch {
    return null;
  }
}

/** Reads no more entries than are listed: a directory with a million names would take seconds and hundreds of megabytes. */
async function entriesOf(directory: string): Promise<ListedEntry[]> {
  const entries: ListedEntry[] = [];
  let read = 0;
  for await (const entry of await opendir(directory, { bufferSize: 512 })) {
    const isDirectory = entry.isDirectory();
    if (!isHidden([entry.name]) && (isDirectory || entry.isFile()))
      entries.push({ name: entry.name, isDirectory });
    if (++read === ENTRIES_MAX) break;
  }
  return entries.sort((a, b) => Number(b.isDirectory) - Number(a.isDirectory) || (a.name < b.name ? -1 : 1));
}

const ENTRIES_MAX = 10_000;

/** Whether a path may be that of a file here at all, before the disk is asked. @param path as a service would get it, without the query */
export function mayBeFile(path: string): boolean {
  return namesOf(path) !== null;
}

/** The names of the directories and the file; `null`: not a valid path in any spelling. */
function namesOf(path: string): string[] | null {
  const parts = path.split('/').slice(1);
  if (parts.at(-1) === '') parts.pop();
  const names: string[] = [];
  for (const part of parts) {
    const name = decoded(part);
    if (name === null || name === '' || name === '.' || name === '..' || NOT_IN_NAMES.test(name)) return null;
    names.push(name);
  }
  return isHidden(names) ? null : names;
}

/** Separators of any system, drives and streams of Windows, and characters that no name can contain. */
const NOT_IN_NAMES = process.platform === 'win32' ? /[/\\:\0]/ : /[/\\\0]/;

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** `.git`, `.env` and their like; `.well-known` is meant for everybody (RFC 8615). */
function isHidden(names: readonly string[]): boolean {
  return names.some((name, at) => name.startsWith('.') && !(at === 0 && name === '.well-known'));
}

function none(why: string): Found {
  return { kind: 'none', why };
}
