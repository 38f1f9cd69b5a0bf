/**
 * The routes of one host, as a tree of path segments.
 *
 * A lookup walks down as far as the path's segments go, then up again over the nodes that have prefix routes: longest first. What it
 * costs depends on the depth of the routes, not on their number.
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
  /** The nearest node above with prefix routes. */
  above: Node | null;
}

export class SegmentTrie {
  readonly #root: Node = emptyNode();

  constructor(candidates: readonly Candidate[]) {
    for (const candidate of candidates) insert(this.#root, candidate);
    settle(this.#root);
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

/** `/` is one empty segment, `/db/` are two, and an empty segment counts: `//db` isn't `/db`. */
export function segmentsOf(path: string): string[] {
  return path.slice(1).split('/');
}

function longestPrefix(from: Node, check: ConditionCheck | null): Candidate | null {
  for (let node: Node | null = from; node !== null; node = node.above) {
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

function insert(root: Node, candidate: Candidate): void {
  const { path, exact } = candidate.route.matcher;
  let node = root;
  // As a prefix `/` stands above all segments; as an exact path it is the one empty segment.
  for (const segment of path === '/' && !exact ? [] : segmentsOf(path)) {
    node.children ??= new Map();
    const child = node.children.get(segment) ?? emptyNode();
    node.children.set(segment, child);
    node = child;
  }
  (exact ? node.exact : node.prefix).push(candidate);
}

/**
 * Puts the most specific first where several stand at one node, which few do: to sort all ten thousand of a table would block the loop.
 * Iterative: the depth of a path in the configuration must not be able to end the process.
 */
function settle(root: Node): void {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.exact.length > 1) node.exact.sort(byPrecedence);
    if (node.prefix.length > 1) node.prefix.sort(byPrecedence);
    const above = node.prefix.length > 0 ? node : node.above;
    for (const child of node.children?.values() ?? []) {
      child.above = above;
      open.push(child);
    }
  }
}

function emptyNode(): Node {
  return { children: null, exact: [], prefix: [], above: null };
}
