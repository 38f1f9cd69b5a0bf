/** Picks from the nested issues of a union the one that concerns the intended form. */

import type { z } from 'zod';
import { type KeyDoc, metaOf, optionsOf, schemasAt } from '../keys/key-doc.ts';
import type { PathKey } from './source.ts';

type Issue = z.core.$ZodIssue;

export interface LeafIssue {
  readonly issue: Issue;
  /** From the root of the configuration. */
  readonly path: readonly PathKey[];
  /** The schemas that the value was held against, from the key's own to the branch of a union that was meant. */
  readonly schemas: readonly z.core.$ZodType[];
}

/** A value of another type than a branch wants was not meant for that branch. */
const ANOTHER_TYPE = 1000;

/** The issues that a person should hear of. */
export function leafIssues(issues: readonly Issue[], schema: z.core.$ZodType): LeafIssue[] {
  return issues.flatMap((issue) => leavesOf(issue, [], [schema]));
}

function leavesOf(issue: Issue, base: readonly PathKey[], within: readonly z.core.$ZodType[]): LeafIssue[] {
  const relative = issue.path as PathKey[];
  const path = [...base, ...relative];
  const here = schemasAt(within.at(-1)!, relative)[0];
  const around = relative.length === 0 ? within : [];
  const schemas = here === undefined ? around : [...around, here];
  const leaf: LeafIssue = { issue, path, schemas };
  if (issue.code !== 'invalid_union' || here === undefined) return [leaf];
  const best = bestBranch(issue.errors);
  const option = optionsOf(here)[best.index];
  if (best.score >= ANOTHER_TYPE || option === undefined) return [leaf];
  return issue.errors[best.index]!.flatMap((inner) => leavesOf(inner, path, [...schemas, option]));
}

/** The branch with the fewest values of another type; the first one of equals. */
function bestBranch(branches: readonly (readonly Issue[])[]): { index: number; score: number } {
  let best = { index: 0, score: Number.POSITIVE_INFINITY };
  for (const [index, issues] of branches.entries()) {
    const score = issues.reduce((sum, issue) => sum + mismatch(issue), 0);
    if (score < best.score) best = { index, score };
  }
  return best;
}

function mismatch(issue: Issue): number {
  const weight = issue.path.length === 0 ? ANOTHER_TYPE : 1;
  if (issue.code === 'invalid_type' || issue.code === 'invalid_value') return weight;
  if (issue.code !== 'invalid_union') return 0;
  return bestBranch(issue.errors).score >= ANOTHER_TYPE ? weight : 0;
}

/** The documentation of the schemas around it, the innermost first. */
export function docOfLeaf({ schemas }: LeafIssue): KeyDoc {
  return Object.assign({}, ...schemas.map(metaOf));
}
