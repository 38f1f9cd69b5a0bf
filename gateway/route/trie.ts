/**
 * The routes of one host, as a tree of path segments.
 *
 * A lookup walks down along the path's segments, then up again: the longest prefix first. Its cost depends on the depth of the routes, not
 * on their number.
 */
import type { RouteConfig } from '../model/config.ts';
import { type ConditionCheck, isUnconditional } from './conditions.ts';
import { compareSpecificity } from './specificity.ts';

export interface Candidate {
  readonly route: RouteConfig;
  /** Among the routes of the configuration. */
  readonly index: number;
  /** Characters of the canonical path that the prefix takes: 0 for `/`, whose slash belongs to the remainder. */
  readonly prefixLength: number;
  /** That prefix; empty for `/`. */
  readonly prefix: string;
  readonly unconditional: boolean;
}

interface Node {
  children: Map<string, Node> | null;
  readonly exact: Candidate[];
  readonly prefix: Candidate[];
  readonly parent: Node | null;
}

export class SegmentTrie {
  readonly #root: Node = emptyNode(null);

  add(candidate: Candidate): void {
    const { path, exact } = candidate.route.matcher;
    let node = this.#root;
    // As a prefix `/` stands above all segments; as an exact path it is the one empty segment.
    for (const segment of path === '/' && !exact ? [] : segmentsOf(path)) node = childOf(node, segment);
    const siblings = exact ? node.exact : node.prefix;
    siblings.push(candidate);
    // The most specific first. Few nodes have several.
    if (siblings.length > 1) siblings.sort(byPrecedence);
  }

  /** The most specific route that takes the path; `check: null` where no route of the table has conditions. */
  find(path: string, check: ConditionCheck | null): Candidate | null {
    let node = this.#root;
    let from = 1;
    while (from <= path.length && node.children !== null) {
      const slash = path.indexOf('/', from);
      const end = slash === -1 ? path.length : slash;
      const child = node.children.get(path.slice(from, end));
      if (child === undefined) break;
      node = child;
      from = end + 1;
    }
    const exact = from > path.length ? firstTaker(node.exact, check) : null;
    return exact ?? longestPrefix(node, check);
  }
}

export function toCandidate(route: RouteConfig, index: number): Candidate {
  const { path } = route.matcher;
  const prefix = path === '/' ? '' : path;
  return { route, index, prefixLength: prefix.length, prefix, unconditional: isUnconditional(route.matcher) };
}

/** `/` is one empty segment, `/db/` are two; empty segments count: `//db` differs from `/db`. */
export function segmentsOf(path: string): string[] {
  return path.slice(1).split('/');
}

function longestPrefix(from: Node, check: ConditionCheck | null): Candidate | null {
  for (let node: Node | null = from; node !== null; node = node.parent) {
    const taker = firstTaker(node.prefix, check);
    if (taker !== null) return taker;
  }
  return null;
}

function firstTaker(candidates: readonly Candidate[], check: ConditionCheck | null): Candidate | null {
  for (const candidate of candidates) {
    if (candidate.unconditional || check?.holds(candidate.route.matcher)) return candidate;
  }
  return null;
}

function byPrecedence(a: Candidate, b: Candidate): number {
  return compareSpecificity(b.route.matcher, a.route.matcher).order || a.index - b.index;
}

function childOf(node: Node, segment: string): Node {
  node.children ??= new Map();
  let child = node.children.get(segment);
  if (child === undefined) {
    child = emptyNode(node);
    node.children.set(segment, child);
  }
  return child;
}

function emptyNode(parent: Node | null): Node {
  return { children: null, exact: [], prefix: [], parent };
}
