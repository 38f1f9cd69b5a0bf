/** YAML 1.2 text to a document whose every value knows where it stands. */

import { type Document, Lexer, type ParsedNode, parseAllDocuments, parseDocument, stringify } from 'yaml';
import { converted, isGatewayApi } from './gateway-api/convert.ts';
import { NoLines, TextLines } from './lines.ts';
import { type OtherProgram, otherProgramOf } from './other-program.ts';
import { ProblemList } from './problem-list.ts';
import { MAX_DEPTH, type SourceNode } from './source.ts';
import type { SourceDocument } from './source-document.ts';
import { reportSyntax } from './syntax.ts';
import { TreeBuilder } from './tree.ts';

export type ParseResult =
  | { readonly ok: true; readonly document: SourceDocument }
  | { readonly ok: false; readonly problems: ProblemList };

/**
 * Parses a file's text; never throws. Syntax errors end here, since the meaning of a broken text can only be guessed; duplicate keys and
 * the like go to the document's `problems`, so that they are reported together with later ones.
 * @param offset where the text begins in a longer one
 */
export function parseConfig(text: string, file: string, unplaced = false, offset = 0): ParseResult {
  const lines = unplaced ? new NoLines(text) : new TextLines(text);
  const problems = new ProblemList(file, lines);
  const bareReturn = unplaced ? -1 : bareReturnAt(text);
  if (bareReturn >= 0) return { ok: false, problems: oneLine(problems, bareReturn) };
  const deep = tooDeepAt(text);
  if (deep >= 0) return { ok: false, problems: tooDeep(problems, deep) };
  const ofKubernetes = isGatewayApi(text);
  const other = ofKubernetes || unplaced ? null : otherProgramOf(text);
  if (other !== null) return { ok: false, problems: ofOther(problems, other) };
  const documents = ofKubernetes ? parseAllDocuments(text, OPTIONS) : [parseDocument(text, OPTIONS)];
  for (const yaml of documents as Document.Parsed<ParsedNode>[]) reportSyntax(yaml, lines, problems);
  if (problems.size > 0) return { ok: false, problems };
  const contents = (documents as Document.Parsed<ParsedNode>[]).flatMap((yaml) => yaml.contents ?? []);
  if (contents.length === 0 || isBlank(text)) return { ok: false, problems: emptyFile(problems) };
  const builder = new TreeBuilder(lines, problems, offset);
  const trees = contents.map((each) => builder.build(each));
  const broken = new ProblemList(file, lines);
  const root = ofKubernetes ? converted(trees, problems, broken) : trees[0]!;
  return { ok: true, document: { file, lines, root, nodeCount: builder.nodeCount, problems, broken } };
}

/** A value as YAML, each line as long as it is, without anchors. */
export function yamlOf(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** One value that stands in no file, the text of a label say, at its place behind `offset`; `null` where it is no YAML. */
export function parseValue(text: string, offset: number): SourceNode | null {
  const parsed = parseConfig(text, '', true, offset);
  return parsed.ok && parsed.document.problems.size === 0 ? parsed.document.root : null;
}

const OPTIONS = {
  // Scalars as text: `tree.ts` decides what is a number.
  schema: 'failsafe',
  // The library compares every key with every other one; `tree.ts` uses a map.
  uniqueKeys: false,
  prettyErrors: false,
  // `silent` would hide a second document.
  logLevel: 'error',
} as const;

function isBlank(text: string): boolean {
  return /^(?:\s|#[^\n]*(?:\n|$)|---|\.\.\.)*$/.test(text);
}

/** In a text whose lines end in CR alone, which the library takes for one line. @returns -1: in none */
function bareReturnAt(text: string): number {
  return text.includes('\n') ? -1 : text.trimEnd().indexOf('\r');
}

function oneLine(problems: ProblemList, at: number): ProblemList {
  problems.add({ start: at, end: at + 1 }, [], {
    expected: 'lines that end in LF or CRLF',
    found: 'a carriage return (CR) alone',
    hint: 'save the file with the line ends of Unix (LF)',
  });
  return problems;
}

function tooDeep(problems: ProblemList, at: number): ProblemList {
  problems.add({ start: at, end: at + 1 }, [], {
    expected: `at most ${MAX_DEPTH} levels`,
    found: 'more',
    hint: 'no key of the configuration needs so many: is a bracket never closed?',
  });
  return problems;
}

function ofOther(problems: ProblemList, { span, found, hint }: OtherProgram): ProblemList {
  problems.add(span, [], { expected: 'a map with the key "routes"', found, hint });
  return problems;
}

function emptyFile(problems: ProblemList): ProblemList {
  problems.add({ start: 0, end: 1 }, [], {
    expected: 'a map with the key "routes"',
    found: 'an empty file',
    hint: 'the shortest useful file has two lines: "routes:" and "  /db: 3001"',
  });
  return problems;
}

/**
 * Finds nesting deeper than in any configuration before it is parsed: for a file of opening brackets, the library takes seconds and
 * gigabytes. @returns the offset of the first level that is too deep; -1: none
 */
export function tooDeepAt(text: string): number {
  return mayBeDeep(text) ? deepTokenAt(text) : -1;
}

/** Asked of each file, so it looks at characters alone; brackets in quotes make it ask once too often. */
function mayBeDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === OPEN_LIST || code === OPEN_MAP) depth++;
    else if (code === CLOSE_LIST || code === CLOSE_MAP) depth = Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return true;
  }
  return LISTS_IN_A_LINE.test(text);
}

function deepTokenAt(text: string): number {
  let at = 0;
  let flow = 0;
  let block = 0;
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) continue;
    if (token === '[' || token === '{') flow++;
    else if (token === ']' || token === '}') flow--;
    else if (token === '-' || token === '?') block++;
    else if (/[^ \t]/.test(token)) block = 0;
    if (flow > MAX_DEPTH || block > MAX_DEPTH) return at;
    at += token.length;
  }
  return -1;
}

/** Tokens of the lexer that stand for no character: a document, a scalar, the end of a broken flow. */
const MARKS: ReadonlySet<string> = new Set(['\x02', '\x1f', '\x18']);
const LISTS_IN_A_LINE = new RegExp(`(?:[-?][ \\t]+){${MAX_DEPTH + 1}}`);
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
