/** Turns issues of the schema into problems that a person can fix. */

import type { z } from 'zod';
import { holderAt, keySchemaAt, keysAt, metaOf } from '../keys/key-doc.ts';
import type { IssueParams } from '../keys/value.ts';
import { docOfLeaf, type LeafIssue } from './leaf-issue.ts';
import { type Fault, MAX_PROBLEMS } from './problem-list.ts';
import { configuration } from './schema.ts';
import { keySpanAt, nodeAt, type PathKey, type Span, shownPath } from './source.ts';
import type { SourceDocument } from './source-document.ts';
import { hintOf } from './value-hint.ts';
import { expandedText, valueText } from './value-text.ts';
import { adviseKey, meantKey } from './vocabulary.ts';

/** Adds an issue to the document's problems, unless something is known to be wrong at this very place. */
export function reportIssue(leaf: LeafIssue, document: SourceDocument, values: unknown): void {
  const { issue, path } = leaf;
  if (document.problems.isLost(path)) return;
  if (issue.code === 'unrecognized_keys') reportKeys(issue.keys, path, document, values);
  else if (issue.code === 'invalid_key') reportKey(leaf, issue.issues, document);
  else if (nodeAt(document.root, path) === null) reportMissing(leaf, document);
  else reportValue(leaf, document, values);
}

function reportKeys(
  keys: readonly string[],
  path: readonly PathKey[],
  document: SourceDocument,
  values: unknown,
): void {
  const known = keysAt(configuration, path);
  const holder = holderAt(configuration, path);
  for (const key of keys) {
    const at = [...path, key];
    const { expected, hint } = adviseKey(key, known, holder, valueAt(values, at));
    add(document, at, keySpanAt(document.root, at), { expected, found: JSON.stringify(key), hint });
  }
}

/** A key of a map whose keys are free, but not that free. */
function reportKey(leaf: LeafIssue, issues: readonly z.core.$ZodIssue[], document: SourceDocument): void {
  const { path } = leaf;
  const params = paramsOf(issues[0]);
  const schema = keySchemaAt(configuration, path.slice(0, -1));
  const expected = params.expected ?? (schema && metaOf(schema).expected) ?? 'another name';
  const fault = { expected, found: JSON.stringify(path.at(-1)), hint: params.hint ?? null };
  add(document, path, keySpanAt(document.root, path), fault);
}

function reportMissing(leaf: LeafIssue, document: SourceDocument): void {
  const key = String(leaf.path.at(-1));
  if (leaf.path.length === 1 && key === 'routes') {
    reportNoRoutes(document);
    return;
  }
  const parent = leaf.path.slice(0, -1);
  if (isMisspelt(key, parent, document)) return;
  const span = keySpanAt(document.root, parent) ?? nodeAt(document.root, parent)?.span ?? null;
  const { expected } = docOfLeaf(leaf);
  add(document, parent, span, {
    expected: `the key "${key}"${expected ? ` with ${expected}` : ''}`,
    found: 'none',
    hint: null,
  });
}

/** Whether an unknown key beside it is a misspelling of it, which is reported there. */
function isMisspelt(key: string, parent: readonly PathKey[], document: SourceDocument): boolean {
  const node = nodeAt(document.root, parent);
  const known = keysAt(configuration, parent);
  const unknown =
    node?.kind === 'map' ? [...node.entries.keys()].filter((other) => !known.includes(other)) : [];
  return unknown
    .slice(0, MAX_PROBLEMS)
    .map((other) => meantKey(other, known))
    .some((meant) => meant === key || (key === 'to' && INSTEAD_OF_TO.has(meant)));
}

/** A route with one of these needs no target. */
const INSTEAD_OF_TO: ReadonlySet<string | null> = new Set(['folder', 'redirect', 'respond']);

function reportNoRoutes(document: SourceDocument): void {
  const { root } = document;
  // A path at the top level is reported as an unknown key, which says more.
  if (root.kind === 'map' && [...root.entries.keys()].some((key) => key.startsWith('/'))) return;
  add(
    document,
    [],
    { start: root.span.start, end: root.span.start + 1 },
    {
      expected: 'the key "routes"',
      found: 'none',
      hint: 'add "routes:" and below it, indented, lines like "/db: 3001"; "routes: {}" is none at all',
    },
  );
}

function reportValue(leaf: LeafIssue, document: SourceDocument, values: unknown): void {
  const { path } = leaf;
  const span = leafSpan(leaf, document);
  const params = paramsOf(leaf.issue);
  const value = params.atKey === true ? path.at(-1) : valueAt(values, path);
  const doc = docOfLeaf(leaf);
  add(document, shownPath(document.root, path), span, {
    expected: params.expected ?? doc.expected ?? 'another value',
    found: params.found ?? shownValue(value, path, document),
    hint: params.hint ?? hintOf(value, doc, leaf, document) ?? null,
  });
}

function leafSpan({ issue, path }: LeafIssue, document: SourceDocument): Span | null {
  if (paramsOf(issue).atKey === true) return keySpanAt(document.root, path);
  return nodeAt(document.root, path)?.span ?? null;
}

/** A token that requests must carry, or a secret, comes from a variable in order not to be read by everybody. */
function isPrivate(path: readonly PathKey[]): boolean {
  return ['headers', 'cookies', 'query', 'clientSecret', 'sessionKey', 'password'].some((key) =>
    path.includes(key),
  );
}

function add(document: SourceDocument, path: readonly PathKey[], span: Span | null, fault: Fault): void {
  document.problems.add(span ?? document.root.span, path, fault);
}

function shownValue(value: unknown, path: readonly PathKey[], document: SourceDocument): string {
  const node = nodeAt(document.root, path);
  const written = node?.kind === 'scalar' ? node.value : null;
  const isExpanded = typeof written === 'string' && written.includes('${');
  return isExpanded ? expandedText(value, written, isPrivate(path)) : valueText(value);
}

function paramsOf(issue: z.core.$ZodIssue | undefined): IssueParams {
  return issue?.code === 'custom' ? ((issue.params ?? {}) as IssueParams) : {};
}

function valueAt(values: unknown, path: readonly PathKey[]): unknown {
  let value: unknown = values;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PathKey, unknown>)[key];
  }
  return value;
}
