/** Checks a document against the schema: every issue becomes a problem, and the valid parts come out typed. */

import type { z } from 'zod';
import type { Environment } from './expand.ts';
import { reportIssue } from './issue.ts';
import { type LeafIssue, leafIssues } from './leaf-issue.ts';
import { MAX_PROBLEMS } from './problem-list.ts';
import { type CheckedConfig, configuration } from './schema.ts';
import type { PathKey } from './source.ts';
import type { SourceDocument } from './source-document.ts';
import { valuesOf } from './values.ts';

/** Deeper than any key: each round removes at least one level of a broken value. */
const MAX_ROUNDS = 8;

/**
 * Adds problems to the document and returns its valid parts, so that checks across values (the same route twice, for example) can report in
 * the same run; `null` if nothing valid is left.
 */
export function checkDocument(document: SourceDocument, env: Environment): CheckedConfig | null {
  const { value, complete } = valuesOf(document, env);
  if (!complete) return null;
  const first = configuration.safeParse(value);
  if (first.success) return first.data;
  const { issues, more } = firstOf(first.error.issues);
  const leaves = leafIssues(issues, configuration);
  for (const leaf of leaves) reportIssue(leaf, document, value);
  if (more === 0) return soundPart(value, leaves);
  document.problems.leaveOut(more);
  return null;
}

/** Each is held against the words of other programs, which for 200,000 unknown keys took twenty seconds. */
function firstOf(all: readonly z.core.$ZodIssue[]) {
  const issues: z.core.$ZodIssue[] = [];
  let more = 0;
  let left = MAX_PROBLEMS;
  for (const issue of all) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const count = Math.max(1, keys.length);
    if (left > 0)
      issues.push(count > left ? ({ ...issue, keys: keys.slice(0, left) } as typeof issue) : issue);
    more += Math.max(0, count - Math.max(0, left));
    left -= count;
  }
  return { issues, more };
}

function soundPart(value: unknown, firstLeaves: readonly LeafIssue[]): CheckedConfig | null {
  let leaves = firstLeaves;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const faulty = leaves.flatMap(faultyPaths).filter((path) => !standIn(value, path));
    const removed = faulty.map((path) => removable(value, path));
    if (removed.some((path) => path.length === 0)) return null;
    for (const path of removed) delete holderOf(value, path)?.[path.at(-1)!];
    const next = configuration.safeParse(value);
    if (next.success) return next.data;
    leaves = leafIssues(next.error.issues, configuration);
  }
  return null;
}

/** A route whose target is broken is still a route, which may be there twice. */
const ANY_TARGET = 'unix:/nowhere';

/** Puts a sound target in the place of a broken or missing one. `false`: it is not a target that is broken. */
function standIn(root: unknown, path: readonly PathKey[]): boolean {
  if (path[0] !== 'routes') return false;
  const to = path.indexOf('to', 2);
  const keys = to === -1 ? path.slice(0, 2) : path.slice(0, to + 1);
  const holder = holderOf(root, keys);
  const key = keys.at(-1)!;
  if (holder === null || (to === -1 && !isShortForm(holder[key]))) return false;
  holder[key] = ANY_TARGET;
  return true;
}

/** No map and no list of maps: it holds no conditions that a stand-in would lose. */
function isShortForm(value: unknown): boolean {
  const values = Array.isArray(value) ? value : [value];
  return values.every((each) => typeof each !== 'object' || each === null);
}

function faultyPaths({ issue, path }: LeafIssue): (readonly PathKey[])[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
}

/** The value at a path, or the nearest thing around it that is there; a list goes as a whole. Empty: that would be everything. */
function removable(root: unknown, path: readonly PathKey[]): readonly PathKey[] {
  const firstIndex = path.findIndex((key) => typeof key === 'number');
  let keys = firstIndex === -1 ? path : path.slice(0, firstIndex);
  while (keys.length > 0 && !Object.hasOwn(holderOf(root, keys) ?? {}, keys.at(-1)!))
    keys = keys.slice(0, -1);
  return keys;
}

function holderOf(root: unknown, keys: readonly PathKey[]): Record<PathKey, unknown> | null {
  let holder: unknown = root;
  for (const key of keys.slice(0, -1)) {
    if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) return null;
    holder = (holder as Record<PathKey, unknown>)[key];
  }
  return typeof holder === 'object' && holder !== null ? (holder as Record<PathKey, unknown>) : null;
}
