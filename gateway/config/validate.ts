/** From the text of a file to a configuration that can be used, or to everything that is wrong with it. */

import { stat } from 'node:fs/promises';
import { basename, isAbsolute, resolve } from 'node:path';
import type { GatewayConfig } from '../model/config.ts';
import type { LabelledOrigin } from '../model/labels.ts';
import { CHECKED_ON_DISK } from '../policy/order.ts';
import { readTlsFiles } from './certificate-files.ts';
import { type CompileResult, compile } from './compile.ts';
import type { Environment } from './expand.ts';
import { withLabelledRoutes } from './labelled-routes.ts';
import { parseConfig } from './parse.ts';
import { pluginFile } from './plugin-file.ts';
import { formatProblems, inOrder, type Problem } from './problem.ts';
import { ProblemList } from './problem-list.ts';
import type { PlacedRoute } from './routes.ts';
import { readServiceAuthorities, withAuthorities } from './service-authorities.ts';
import { nodeAt, type SourceDocument } from './source.ts';

export type Verdict =
  | {
      readonly ok: true;
      readonly config: GatewayConfig;
      /** What is wrong with labels of containers. Theirs are no problems of the file: it is served without them. */
      readonly spoilt: readonly Problem[];
    }
  | Rejection;

export interface Rejection {
  readonly ok: false;
  /** Never empty, in the order of their lines. For a terminal: `formatProblems(problems, { colour: true })`. */
  readonly problems: readonly Problem[];
  /** The problems as a person reads them, without colour. */
  readonly formatted: string;
}

export interface ConfigText {
  readonly text: string;
  /** As problems name it. */
  readonly file: string;
  readonly env: Environment;
  /** Problems have a path and no line. Default: false. */
  readonly unplaced?: boolean;
  /** Containers that ask for routes by their labels. */
  readonly origins?: readonly LabelledOrigin[];
}

/** Never throws. */
export async function validate({
  text,
  file,
  env,
  unplaced = false,
  origins = [],
}: ConfigText): Promise<Verdict> {
  const parsed = parseConfig(text, file, unplaced);
  if (!parsed.ok) return rejected(parsed.problems.all());
  const { document } = parsed;
  const discovers = document.root.kind === 'map' && document.root.entries.has('discover');
  return discovers && document.problems.size === 0
    ? validateLabelled(document, origins, env)
    : validateDocument(document, env);
}

/** Containers whose labels are wrong are left out, and told, until what remains is sound: one container's mistake is nobody else's. */
async function validateLabelled(
  document: SourceDocument,
  origins: readonly LabelledOrigin[],
  env: Environment,
): Promise<Verdict> {
  const names = new Set(origins.map(({ name }) => name));
  const spoilt = new Set<string>();
  const told: Problem[] = [];
  for (;;) {
    const verdict = await validateDocument(withLabelledRoutes(document, origins, spoilt), env);
    if (verdict.ok) return { ...verdict, spoilt: told };
    const ofLabels = verdict.problems.filter(({ file }) => names.has(file) && !spoilt.has(file));
    if (ofLabels.length < verdict.problems.length || ofLabels.length === 0) return verdict;
    for (const problem of ofLabels) spoilt.add(problem.file);
    told.push(...ofLabels);
  }
}

export function rejected(problems: readonly Problem[]): Rejection {
  const ordered = inOrder(problems);
  return { ok: false, problems: ordered, formatted: formatProblems(ordered) };
}

async function validateDocument(document: SourceDocument, env: Environment): Promise<Verdict> {
  const { config, placed, problems }: CompileResult = compile(document, {
    file: resolve(document.file),
    env,
  });
  const authorities = await readServiceAuthorities(placed, document);
  const all = [
    ...problems,
    ...authorities.problems,
    ...(await missingModules(placed, document)),
    ...(await missingPlugins(placed, document)),
    ...(await missingFolders(placed, document)),
    ...(await unusableCertificates(config, document)),
    ...(await faultsOfPolicies(placed, document)),
  ];
  if (config === null || all.length > 0) return rejected(all);
  return { ok: true, config: withAuthorities(config, authorities.known), spoilt: [] };
}

// What only the disk knows.

async function unusableCertificates(
  config: GatewayConfig | null,
  { file, lines, root }: SourceDocument,
): Promise<Problem[]> {
  if (!config?.tls) return [];
  const reading = await readTlsFiles(config.tls, Date.now());
  if (reading.ok) return [];
  const problems = new ProblemList(file, lines);
  for (const { path, fault } of reading.faults) problems.add((nodeAt(root, path) ?? root).span, path, fault);
  return problems.all();
}

/** What the top level says is judged, and told, once for all routes that have it from there. */
async function faultsOfPolicies(
  placed: readonly PlacedRoute[],
  { file, lines, root }: SourceDocument,
): Promise<Problem[]> {
  const problems = new ProblemList(file, lines);
  const seen = new Set<unknown>([null]);
  for (const { route, path, span } of placed) {
    for (const { key, faults } of CHECKED_ON_DISK) {
      const settings = route.policies[key];
      if (seen.has(settings)) continue;
      seen.add(settings);
      const holder = nodeAt(root, [...path, key]) === null ? [] : path;
      for (const { path: below, ...fault } of await faults(settings)) {
        const at = [...holder, key, ...below];
        problems.add(nodeAt(root, at)?.span ?? span, at, fault);
      }
    }
  }
  return problems.all();
}

/** Whether the module exports what it should is found when the route is built. */
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

/** Whether it is a plugin, and takes its options, is found when the route is built. */
async function missingPlugins(
  placed: readonly PlacedRoute[],
  { file, lines, root }: SourceDocument,
): Promise<Problem[]> {
  const problems = new ProblemList(file, lines);
  for (const { route, path, span } of placed) {
    for (const [index, used] of route.use.entries()) {
      if ((await pluginFile(used)) !== null) continue;
      const at = [...path, 'use', index];
      const node = nodeAt(root, [...at, 'plugin']) ?? nodeAt(root, at);
      problems.add(node?.span ?? span, at, {
        expected: 'a Fastify plugin that is installed',
        found: JSON.stringify(used.plugin),
        hint: isAbsolute(used.plugin)
          ? `no file is there; the path begins in the folder of ${basename(file)}`
          : `type "npm install ${used.plugin}" in the folder of ${basename(file)}`,
      });
    }
  }
  return problems.all();
}

async function missingFolders(
  placed: readonly PlacedRoute[],
  { file, lines, root }: SourceDocument,
): Promise<Problem[]> {
  const problems = new ProblemList(file, lines);
  for (const { route, path } of placed) {
    if (route.folder === null) continue;
    const what = await kindOf(route.folder.path);
    const at = [...path, 'folder'];
    const node = nodeAt(root, at);
    if (what === 'folder' || node?.kind !== 'scalar') continue;
    problems.add(node.span, at, {
      expected: 'the path of a folder',
      found: `${JSON.stringify(node.value)}, where ${what === 'file' ? 'a file is' : 'nothing is'}`,
      hint: `the path begins in the folder of ${basename(file)}`,
    });
  }
  return problems.all();
}

async function kindOf(path: string): Promise<'folder' | 'file' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'nothing';
  }
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
