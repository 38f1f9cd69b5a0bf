/** From a file to a configuration that can be used, or to everything that is wrong with it. */

import { type FileContent, readContent } from '../files/content.ts';
import { isRemote } from '../files/remote.ts';
import { signedContent } from '../files/signature.ts';
import type { GatewayConfig } from '../model/config.ts';
import type { Environment } from './expand.ts';
import { evaluated } from './module.ts';
import type { Problem } from './problem.ts';
import { type Rejection, rejected, type Verdict, validate } from './validate.ts';
import { refusal, validateInThread } from './validation-thread.ts';

export type { Environment };

export type LoadResult =
  | {
      readonly ok: true;
      readonly config: GatewayConfig;
      /** The validated content; for a module, the content that it evaluates to. */
      readonly content: FileContent & { readonly ok: true };
      /** Names the content of the file: equal hashes, equal configuration (but for the environment). */
      readonly hash: string;
      /** As of `Verdict`. */
      readonly unserved: readonly Problem[];
      readonly attached?: ReadonlyMap<string, number>;
    }
  | (Rejection & { readonly hash: string });

/** One that can be used. */
export type Validated = LoadResult & { readonly ok: true };

/** Reads and compiles a configuration file. `file` appears in problems as it is given here. Never throws. */
export async function loadConfig(file: string, env: Environment): Promise<LoadResult> {
  return loadContent(await readContent(file), file, env);
}

/** The same for content that was read already, by `watchFile` say. */
export async function loadContent(read: FileContent, file: string, env: Environment): Promise<LoadResult> {
  const { PORTWAY_CONFIG_KEY: key } = env;
  // Checked for workers and copies on disk, too: they have the content with its signature.
  const sound = key && isRemote(file) ? await signedContent(read, key) : read;
  const content = await evaluated(sound, file, env);
  const { hash } = content;
  if (!content.ok) return { ...rejected([unreadable(content, file)]), hash };
  const verdict = await verdictOn(content, file, env);
  return verdict.ok ? { ...verdict, content, hash } : { ...verdict, hash };
}

/** A large file is validated beside the requests that are under way, a small one sooner than a thread would begin. */
async function verdictOn(
  { text, unplaced = false, origins = [] }: FileContent & { ok: true },
  file: string,
  env: Environment,
): Promise<Verdict> {
  const source = { text, file, env, unplaced, origins };
  return text.length + origins.reduce((sum, origin) => sum + ('object' in origin ? OBJECT : LABELS), 0) <
    LARGE
    ? validate(source).catch((cause: Error) => refusedFor(cause, file))
    : validateInThread(source);
}

/** A bug of ours must not end a gateway whose file, or whose container's label, happens to meet it. */
function refusedFor({ stack, message }: Error, file: string): Verdict {
  return refusal(
    file,
    `an error of Portway's own: ${stack ?? message}`,
    'this is a bug of Portway: please report it with the file; until then, take back what changed last',
  );
}

/** Characters: some six hundred short routes, or eighty long ones, which take some ten milliseconds. */
const LARGE = 8 * 1024;
/** Characters of labels that a container has, some three of them. */
const LABELS = 100;
/** Of an object of a cluster. */
const OBJECT = 500;

function unreadable(content: FileContent & { ok: false }, file: string): Problem {
  const { expected = 'a readable file', found, path = '', hint } = content;
  return { file, line: 0, column: 0, length: 1, path, sourceLine: '', expected, found, hint };
}
