import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../kit/problem.ts';

/** Bytes that are on the disk, and not yet anybody's image. */
export interface ReceivedBytes {
  readonly path: string;
  readonly bytes: number;
  /** In base64url. */
  readonly sha256: string;
}

/** The uploaded bytes on the disk: one file for each upload, under a name of its own, which never changes. */
export interface OriginalFolder {
  /**
   * Writes what comes to a temporary file and has it on the disk before it resolves. What ends it early
   * removes the file again.
   * @throws Problem 507 where there is no room.
   */
  receive(chunks: AsyncIterable<Buffer>): Promise<ReceivedBytes>;
  /** Moves a temporary file to the originals, durably, and resolves to the file's name there. */
  adopt(received: ReceivedBytes): Promise<string>;
  open(file: string): Promise<FileHandle>;
  remove(file: string): Promise<void>;
  /**
   * Moves what is not in `known` to the folder `lost`, and resolves to how many files that were. A process
   * that was killed leaves a file without a row at most; but where the database is gone, they are all that is
   * left, so none is deleted.
   */
  putAside(known: ReadonlySet<string>): Promise<number>;
}

/** Makes the folders, and removes the uploads that an earlier process has not finished. */
export async function openOriginalFolder(dataDir: string): Promise<OriginalFolder> {
  const originals = join(dataDir, 'originals');
  const incoming = join(dataDir, 'incoming');
  const lost = join(dataDir, 'lost');
  await rm(incoming, { recursive: true, force: true });
  for (const folder of [incoming, originals, lost]) await mkdir(folder, { recursive: true });
  return {
    receive: (chunks) => receive(chunks, join(incoming, randomUUID())),
    async adopt({ path }) {
      const file = randomUUID();
      await rename(path, join(originals, file));
      await syncFolder(originals);
      return file;
    },
    open: (file) => open(join(originals, file), 'r'),
    remove: (file) => rm(join(originals, file), { force: true }),
    async putAside(known) {
      const strays = (await readdir(originals)).filter((file) => !known.has(file));
      for (const file of strays) await rename(join(originals, file), join(lost, file));
      return strays.length;
    },
  };
}

async function receive(chunks: AsyncIterable<Buffer>, path: string): Promise<ReceivedBytes> {
  const handle = await open(path, 'wx');
  try {
    const received = await copy(chunks, handle);
    await handle.sync();
    return { path, ...received };
  } catch (error) {
    await rm(path, { force: true });
    throw storageProblem(error);
  } finally {
    await handle.close();
  }
}

async function copy(
  chunks: AsyncIterable<Buffer>,
  handle: FileHandle,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    // A write may take less than it was given, most of all when the disk gets full.
    for (let offset = 0; offset < chunk.length; ) {
      offset += (await handle.write(chunk, offset)).bytesWritten;
    }
  }
  return { bytes, sha256: hash.digest('base64url') };
}

/** Makes a rename in `folder` durable: the entry is the folder's data. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function storageProblem(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') return error;
  return new Problem(507, 'storage_full', 'There is no room for this image. Nothing of it was kept.');
}
