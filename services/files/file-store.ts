import type { BigIntStats } from 'node:fs';
import { mkdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { createMutex } from '../kit/mutex.ts';
import { Problem } from '../kit/problem.ts';
import type { Location } from './location.ts';
import { storageProblem } from './storage-problem.ts';
import { type FileTree, makeParents, newTemporaryPath, pathOf, statLocation, syncParent } from './tree.ts';

/** Called with the current entry just before a change; it throws to prevent the change. */
type Check = (current: BigIntStats | null) => void;

/** Changes of the tree. Each is durable when it resolves, and one at a time, so that a check holds until its change. */
export interface FileStore {
  stat(location: Location): Promise<BigIntStats | null>;
  /** @throws Problem 409 where no file can stand at this place. */
  check(location: Location): Promise<void>;
  /** Moves a finished temporary file to its place. */
  adopt(
    temporaryPath: string,
    location: Location,
    check: Check,
  ): Promise<{ created: boolean; stats: BigIntStats }>;
  makeFolder(location: Location): Promise<void>;
  remove(location: Location, options: { readonly recursive: boolean }, check: Check): Promise<void>;
  move(from: Location, to: Location, check: Check): Promise<{ created: boolean }>;
}

export function createFileStore(tree: FileTree): FileStore {
  const mutex = createMutex();
  const change = <T>(work: () => Promise<T>): Promise<T> =>
    mutex.run(work).catch((error) => {
      throw storageProblem(error);
    });
  return {
    stat: (location) => statLocation(tree, location),
    check: async (location) => requireFilePlace(await statLocation(tree, location)),
    adopt: (temporaryPath, location, check) => change(() => adopt(tree, temporaryPath, location, check)),
    makeFolder: (location) => change(() => makeFolder(tree, location)),
    remove: (location, options, check) => change(() => remove(tree, location, options.recursive, check)),
    move: (from, to, check) => change(() => move(tree, from, to, check)),
  };
}

async function adopt(tree: FileTree, temporaryPath: string, location: Location, check: Check) {
  const current = await statLocation(tree, location);
  check(current);
  requireFilePlace(current);
  await makeParents(tree, location);
  const path = pathOf(tree, location);
  await rename(temporaryPath, path);
  await syncParent(path);
  const stats = await statLocation(tree, location);
  if (!stats) throw new Error(`the file was gone right after its rename: ${path}`);
  return { created: current === null, stats };
}

function requireFilePlace(current: BigIntStats | null): void {
  if (current?.isDirectory()) throw new Problem(409, 'is_a_folder', 'There is a folder of this name.');
}

async function makeFolder(tree: FileTree, location: Location): Promise<void> {
  if (await statLocation(tree, location))
    throw new Problem(409, 'exists', 'There is something of this name already.');
  await makeParents(tree, location);
  const path = pathOf(tree, location);
  await mkdir(path);
  await syncParent(path);
}

async function remove(tree: FileTree, location: Location, recursive: boolean, check: Check): Promise<void> {
  const current = await statLocation(tree, location);
  check(current);
  if (!current || location.segments.length === 0) throw fileNotFound();
  const path = pathOf(tree, location);
  if (current.isFile()) await unlink(path);
  else if (recursive) await removeFolder(tree, path);
  else await rmdir(path);
  await syncParent(path);
}

/** A folder disappears at once, by a rename, and is emptied afterwards: no reader sees it half deleted, not even after a crash. */
async function removeFolder(tree: FileTree, path: string): Promise<void> {
  const away = newTemporaryPath(tree);
  await rename(path, away);
  await syncParent(path);
  await rm(away, { recursive: true, force: true });
}

async function move(
  tree: FileTree,
  from: Location,
  to: Location,
  check: Check,
): Promise<{ created: boolean }> {
  const source = await statLocation(tree, from);
  if (!source || from.segments.length === 0) throw fileNotFound();
  const target = await statLocation(tree, to);
  check(target);
  await makeParents(tree, to);
  await rename(pathOf(tree, from), pathOf(tree, to));
  await syncParent(pathOf(tree, to));
  await syncParent(pathOf(tree, from));
  return { created: target === null };
}

export function fileNotFound(): Problem {
  return new Problem(404, 'file_not_found', 'There is no file or folder at this path.');
}
