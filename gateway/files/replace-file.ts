import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Puts a text into the place of a file at once: a reader finds the old one or the new one. Its owner, its group and its permissions stay, as
 * far as this process may say so, or a gateway that runs as another user could not read it any more; where the group can not stay, no other may read it.
 * A link stays a link; a new file is for its owner alone.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  const path = await realpath(file).catch(() => file);
  const before = await stat(path).catch(() => null);
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    await using handle = await open(beside, 'wx', 0o600);
    await handle.writeFile(text);
    if (before !== null) await keepPermissions(handle, before);
    await handle.sync();
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true });
    throw cause;
  }
}

async function keepPermissions(handle: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const own = await handle.stat();
  // A member of the group may keep that, though not the owner.
  await handle.chown(uid, gid).catch(() => handle.chown(own.uid, gid).catch(() => {}));
  const kept = await handle.stat();
  await handle.chmod(mode & (kept.gid === gid ? 0o777 : 0o707));
}
