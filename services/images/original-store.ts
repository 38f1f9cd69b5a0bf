import type { FileHandle } from 'node:fs/promises';
import type { CommitQueue } from '../kit/commit-queue.ts';
import { Problem } from '../kit/problem.ts';
import type { Catalogue } from './catalogue.ts';
import type { ImageDescription, Original } from './original.ts';
import type { OriginalFolder, ReceivedBytes } from './original-folder.ts';

/** Called with what has the name just before that changes; throws to keep the change from happening. */
type Check = (current: Original | null) => void;

/** The images that are kept. A change is durable when it resolves, and is there in full or not at all. */
export interface OriginalStore {
  find(name: string): Original | null;
  list(before: number, limit: number): Original[];
  /** Takes over bytes that were received, in the place of what had the name before. */
  put(
    name: string,
    received: ReceivedBytes,
    description: ImageDescription,
    check: Check,
  ): Promise<{ readonly original: Original; readonly created: boolean }>;
  /** @throws Problem 404 where nothing has this name. */
  remove(name: string, check: Check): Promise<void>;
  /** Rejects with the system's ENOENT where the image was replaced or deleted since it was found. */
  open(original: Original): Promise<FileHandle>;
}

export function createOriginalStore(parts: {
  readonly catalogue: Catalogue;
  readonly folder: OriginalFolder;
  readonly queue: CommitQueue;
}): OriginalStore {
  const { catalogue, folder, queue } = parts;
  return {
    find: catalogue.find,
    list: catalogue.list,
    open: (original) => folder.open(original.file),
    async put(name, { path, bytes, sha256 }, description, check) {
      // The file first: a row must never name one that a crash has taken away.
      const file = await folder.adopt({ path, bytes, sha256 });
      const uploaded = new Date().toISOString();
      const { original, before } = await queue
        .commit(() => {
          const before = catalogue.find(name);
          check(before);
          return { original: catalogue.put({ name, file, bytes, sha256, uploaded, ...description }), before };
        })
        .catch(async (error) => {
          await folder.remove(file);
          throw error;
        });
      if (before) await folder.remove(before.file);
      return { original, created: before === null };
    },
    async remove(name, check) {
      const removed = await queue.commit(() => {
        const current = catalogue.find(name);
        check(current);
        if (!current) throw imageNotFound();
        catalogue.remove(name);
        return current;
      });
      await folder.remove(removed.file);
    },
  };
}

export function imageNotFound(): Problem {
  return new Problem(404, 'image_not_found', 'There is no image of this name.');
}
