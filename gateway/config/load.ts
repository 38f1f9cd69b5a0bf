/** From a file to a configuration that can be used, or to everything that is wrong with it. */

import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { compile } from './compile.ts';
import { type ConfigContent, readContent } from './content.ts';
import type { Environment } from './expand.ts';
import type { GatewayConfig } from './model.ts';
import { parseConfig } from './parse.ts';
import { formatProblems, inOrder, type Problem } from './problem.ts';
import { ProblemList } from './problem-list.ts';
import type { PlacedRoute } from './routes.ts';
import { nodeAt, type SourceDocument } from './source.ts';

export type { Environment };

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
      /** Never empty, in the order of their lines. For a terminal: `formatProblems(problems, { colour: true })`. */
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
  content: ConfigContent,
  file: string,
  env: Environment,
): Promise<LoadResult> {
  if (!content.ok) return failed([unreadable(content, file)], content.hash);
  const parsed = parseConfig(content.text, file);
  if (!parsed.ok) return failed(parsed.problems.all(), content.hash);
  const { config, placed, problems } = compile(parsed.document, { file: resolve(file), env });
  const all = [...problems, ...(await missingModules(placed, parsed.document))];
  if (config === null || all.length > 0) return failed(all, content.hash);
  return { ok: true, config, text: content.text, hash: content.hash };
}

function failed(problems: readonly Problem[], hash: string): LoadResult {
  const ordered = inOrder(problems);
  return { ok: false, problems: ordered, formatted: formatProblems(ordered), hash };
}

function unreadable({ found, hint }: ConfigContent & { ok: false }, file: string): Problem {
  const nowhere = { line: 0, column: 0, length: 1, path: '', sourceLine: '' };
  return { file, ...nowhere, expected: 'a readable file', found, hint };
}

/** The one thing that only the disk knows. Whether the module exports what it should is found when the route is built. */
async function missingModules(
  placed: readonly PlacedRoute[],
  { file, lines, root }: SourceDocument,
): Promise<Problem[]> {
  const problems = new ProblemList(file, lines);
  const missing = await filesMissing([...new Set(placed.flatMap(({ route }) => route.extend ?? []))]);
  for (const { route, path } of placed) {
    if (route.extend === null || !missing.has(route.extend)) continue;
    const at = [...path, 'extend'];
    const node = nodeAt(root, at);
    if (node?.kind !== 'scalar') continue;
    problems.add(node.span, at, {
      expected: 'the path of a module',
      found: `${JSON.stringify(node.value)}, where no file is`,
      hint: `the path begins in the folder of ${basename(file)}`,
    });
  }
  return problems.all();
}

async function filesMissing(paths: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await Promise.all(paths.map(isFile));
  return new Set(paths.filter((_, index) => !found[index]));
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
