import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Puts a text into the place of a file at once: a reader finds the old one or the new one. Its owner, its group and its permissions stay, as
 * far as this process may say so, or a gateway that runs as another user could not read it any more. A link stays a link; a new file is for its owner alone.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  const path = await realpath(file).catch(() => file);
  const before = await stat(path).catch(() => null);
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    await using handle = await open(beside, 'wx', 0o600);
    await handle.writeFile(text);
    if (before !== null) {
      await handle.chown(before.uid, before.gid).catch(() => {});
      await handle.chmod(before.mode & 0o777);
    }
    await handle.sync();
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true });
    throw cause;
  }
}
