/** Where a configuration is: a file, or a place in the network. */

import { type FileContent, readContent } from './content.ts';
import { isEtcd, readEtcd, watchEtcd } from './etcd.ts';
import { fetchContent, isRemote, KeptCopy, watchRemote } from './remote.ts';
import { type FileWatch, watchFile } from './watch.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Its content now; never throws. */
export function readSource(source: string): Promise<FileContent> {
  if (isEtcd(source)) return readEtcd(source);
  return isRemote(source) ? fetchContent(source) : readContent(source);
}

/** As `watchFile` does it. */
export function watchSource(
  source: string,
  changed: (content: FileContent) => void,
  knownHash: string,
): FileWatch {
  if (isEtcd(source)) return watchEtcd(source, changed, knownHash);
  return isRemote(source)
    ? watchRemote(source, changed, knownHash)
    : watchFile(source, changed, { knownHash });
}

/** The initial content: if the source is unavailable, the last applied one. */
export async function firstContent(
  source: string,
  env: Env,
): Promise<{ content: FileContent; instead: string | null }> {
  const content = await readSource(source);
  if (content.ok || !isRemote(source) || !URL.canParse(source)) return { content, instead: null };
  const kept = await new KeptCopy(source, env).read();
  return kept ? { content: kept, instead: content.found } : { content, instead: null };
}

/** Keeps it for `firstContent`. @throws where the disk can't take it */
export async function keepForStart(source: string, content: FileContent, env: Env): Promise<void> {
  if (isRemote(source) && content.ok) await new KeptCopy(source, env).keep(content);
}

/** As it may be shown: without the password of a URL. */
export function sourceText(source: string): string {
  if (!isRemote(source)) return source;
  // URLs may have more than two slashes; in text that is no URL, a password may contain any character.
  const before = URL.canParse(source) ? /^(https?:|etcd:)[\\/\s]*[^\\/?#]*@/i : /^(https?:|etcd:).*@/is;
  return source.replace(before, '$1//');
}
