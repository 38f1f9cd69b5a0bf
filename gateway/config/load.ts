/** From a file to a configuration that can be used, or to everything that is wrong with it. */

import { type ConfigContent, readContent } from './content.ts';
import type { GatewayConfig } from './model.ts';
import type { Problem } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type LoadResult =
  | {
      readonly ok: true;
      readonly config: GatewayConfig;
      readonly text: string;
      /** Names the content of the file: equal hashes, equal configuration (but for the environment). */
      readonly hash: string;
    }
  | {
      readonly ok: false;
      /** Never empty. For a terminal: `formatProblems(problems, { colour: true })`. */
      readonly problems: readonly Problem[];
      /** The problems as a person reads them, without colour. */
      readonly formatted: string;
      readonly hash: string;
    };

/** Reads and compiles a configuration file. `file` appears in problems as it is given here. Never throws. */
export async function loadConfig(file: string, env: Environment): Promise<LoadResult> {
  return loadContent(await readContent(file), file, env);
}

/** The same for content that was read already, by `watchConfig` say. */
export async function loadContent(
  _content: ConfigContent,
  _file: string,
  _env: Environment,
): Promise<LoadResult> {
  throw new Error('under construction');
}
