/** From a file to a configuration that can be used, or to everything that is wrong with it. */

import type { GatewayConfig } from '../model/config.ts';
import { type ConfigContent, readContent } from './content.ts';
import type { Environment } from './expand.ts';
import { judge, type Rejection, rejected, type Verdict } from './judge.ts';
import { judgeInThread } from './judge-thread.ts';
import type { Problem } from './problem.ts';

export type { Environment };

export type LoadResult =
  | {
      readonly ok: true;
      readonly config: GatewayConfig;
      readonly text: string;
      /** Names the content of the file: equal hashes, equal configuration (but for the environment). */
      readonly hash: string;
    }
  | (Rejection & { readonly hash: string });

/** Reads and compiles a configuration file. `file` appears in problems as it is given here. Never throws. */
export async function loadConfig(file: string, env: Environment): Promise<LoadResult> {
  return loadContent(await readContent(file), file, env);
}

/** The same for content that was read already, by `watchConfig` say. */
export async function loadContent(
  content: ConfigContent,
  file: string,
  env: Environment,
): Promise<LoadResult> {
  const { hash } = content;
  if (!content.ok) return { ...rejected([unreadable(content, file)]), hash };
  const verdict = await verdictOn(content.text, file, env);
  return verdict.ok ? { ...verdict, text: content.text, hash } : { ...verdict, hash };
}

/** A large file is judged beside the requests that are under way, a small one sooner than a thread would begin. */
async function verdictOn(text: string, file: string, env: Environment): Promise<Verdict> {
  if (text.length < LARGE) return judge(text, file, env);
  return judgeInThread(text, file, env);
}

/** Characters: some six hundred short routes, or eighty long ones, which take some ten milliseconds. */
const LARGE = 8 * 1024;

function unreadable({ found, hint }: ConfigContent & { ok: false }, file: string): Problem {
  const nowhere = { line: 0, column: 0, length: 1, path: '', sourceLine: '' };
  return { file, ...nowhere, expected: 'a readable file', found, hint };
}
