/** From the text of a file to a configuration that can be used, or to everything that is wrong with it. */

import { resolve } from 'node:path';
import { isRemote } from '../files/remote.ts';
import type { GatewayConfig } from '../model/config.ts';
import type { Origin } from '../model/labels.ts';
import { type CompileResult, compile } from './compile.ts';
import type { Environment } from './expand.ts';
import { withClusterRoutes } from './gateway-api/cluster-routes.ts';
import { withLabelledRoutes } from './labelled-routes.ts';
import { reportOnDisk } from './on-disk.ts';
import { parseConfig } from './parse.ts';
import { formatProblems, inOrder, type Problem } from './problem.ts';
import { readServiceAuthorities, withAuthorities } from './service-authorities.ts';
import type { SourceDocument } from './source-document.ts';

export type Verdict =
  | {
      readonly ok: true;
      readonly config: GatewayConfig;
      /** Parts that can't be served as written, while the rest is: labels of containers, references that lead nowhere. */
      readonly unserved: readonly Problem[];
      /** How many HTTPRoutes each listener of a Gateway takes, by `NAMESPACE/GATEWAY/LISTENER`. */
      readonly attached?: ReadonlyMap<string, number>;
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
  readonly origins?: readonly Origin[];
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

/** Containers with bad labels are left out and reported until the rest is valid: one container's fault does no harm to others. */
async function validateLabelled(
  document: SourceDocument,
  origins: readonly Origin[],
  env: Environment,
): Promise<Verdict> {
  const names = new Set(origins.map(({ name }) => name));
  const leftOut = new Set<string>();
  const reported: Problem[] = [];
  for (;;) {
    const verdict = await validateDocument(withOriginRoutes(document, origins, leftOut), env);
    if (verdict.ok) return { ...verdict, unserved: [...verdict.unserved, ...reported] };
    const ofLabels = verdict.problems.filter(({ file }) => names.has(file) && !leftOut.has(file));
    if (ofLabels.length < verdict.problems.length || ofLabels.length === 0) return verdict;
    for (const problem of ofLabels) leftOut.add(problem.file);
    reported.push(...ofLabels);
  }
}

/** @param spoilt containers whose faults have been reported */
function withOriginRoutes(
  document: SourceDocument,
  origins: readonly Origin[],
  spoilt: ReadonlySet<string>,
): SourceDocument {
  const labelled = origins.filter((origin) => 'labels' in origin);
  const objects = origins.filter((origin) => 'object' in origin);
  if (objects.length === 0) return withLabelledRoutes(document, labelled, spoilt);
  return withClusterRoutes(
    document,
    objects.filter(({ name }) => !spoilt.has(name)),
  );
}

export function rejected(problems: readonly Problem[]): Rejection {
  const ordered = inOrder(problems);
  return { ok: false, problems: ordered, formatted: formatProblems(ordered) };
}

async function validateDocument(document: SourceDocument, env: Environment): Promise<Verdict> {
  const { config, placed, problems }: CompileResult = compile(document, {
    file: resolve(isRemote(document.file) ? 'gateway.config.yaml' : document.file),
    env,
  });
  const authorities = await readServiceAuthorities(placed, document);
  await reportOnDisk(config, placed, document);
  const all = [...document.problems.all(), ...problems];
  if (config === null || all.length > 0) return rejected(all);
  const file = isRemote(document.file) ? document.file : config.file;
  return {
    ok: true,
    config: { ...withAuthorities(config, authorities), file },
    unserved: document.broken.all(),
    ...(document.attached && { attached: document.attached }),
  };
}
