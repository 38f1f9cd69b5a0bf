/** Words the YAML library's syntax errors for the person who has to fix them. */

import { type Document, isCollection, isScalar, type ParsedNode, visit, type YAMLError } from 'yaml';
import type { TextLines } from './lines.ts';
import type { Fault, ProblemList } from './problem-list.ts';
import type { Span } from './source.ts';

interface Finding extends Fault {
  readonly span: Span;
}

type Translate = (error: YAMLError, context: Context) => Finding | null;

interface Context {
  readonly yaml: Document.Parsed<ParsedNode>;
  readonly lines: TextLines;
}

/** One fault causes several errors, and a hostile file many: one problem is reported for each of the first lines. */
export function reportSyntax(
  yaml: Document.Parsed<ParsedNode>,
  lines: TextLines,
  problems: ProblemList,
): void {
  const errors = [...yaml.errors, ...yaml.warnings].slice(0, MAX_ERRORS);
  const seen = new Set<number>();
  for (const error of errors.sort((a, b) => a.pos[0] - b.pos[0])) {
    if (problems.size >= MAX_SYNTAX_PROBLEMS) return;
    const { line: errorLine } = lines.positionOf(error.pos[0]);
    if (seen.has(errorLine)) continue;
    const finding = translate(error, { yaml, lines });
    const { line } = lines.positionOf(finding.span.start);
    if (!seen.has(line)) problems.add(finding.span, [], finding);
    seen.add(line).add(errorLine);
  }
}

const MAX_ERRORS = 1000;
const MAX_SYNTAX_PROBLEMS = 10;

function translate(error: YAMLError, context: Context): Finding {
  const special = TRANSLATIONS[error.code]?.(error, context);
  if (special) return special;
  const message = error.message.replace(/\.$/, '');
  return { span: span(error), expected: 'valid YAML', found: `an error: ${message}`, hint: null };
}

const TRANSLATIONS: Readonly<Partial<Record<YAMLError['code'], Translate>>> = {
  TAB_AS_INDENT: (error) => ({
    span: span(error),
    expected: 'spaces as indentation',
    found: 'a tab',
    hint: 'YAML allows no tabs there: use two spaces for each level',
  }),
  MULTILINE_IMPLICIT_KEY: missingColon,
  BLOCK_AS_IMPLICIT_KEY: nestedMap,
  MISSING_CHAR: (error, context) => unclosedQuote(error, context) ?? missingColon(error, context),
  BAD_INDENT: unclosedBracket,
  BAD_SCALAR_START: (error, { lines }) => ({
    span: span(error),
    expected: 'a value',
    found: `${JSON.stringify(lines.text.charAt(error.pos[0]))}, which means something else in YAML`,
    hint: 'put the value in quotes',
  }),
  BAD_ALIAS: quoteStar,
  UNEXPECTED_TOKEN: (error, context) => wildcardKey(error, context) ?? unevenIndent(error, context),
  MULTIPLE_DOCS: (error) => ({
    span: { start: error.pos[0], end: error.pos[0] + 3 },
    expected: 'one document',
    found: 'a second one after ---',
    hint: 'remove the line ---, or move what follows it into a file of its own',
  }),
  TAG_RESOLVE_FAILED: (error) => ({
    span: span(error),
    expected: 'a plain value',
    found: 'a YAML tag',
    hint: 'remove the tag; put text that begins with ! in quotes',
  }),
  RESOURCE_EXHAUSTION: (error) => ({
    span: span(error),
    expected: 'a few levels of nesting',
    found: 'so many that reading them was given up',
    hint: null,
  }),
};

/** `/db:3001` is one word; a line without any colon is no key either; a quote before a key may lack its partner. */
function missingColon(error: YAMLError, { lines }: Context): Finding | null {
  const at = firstWordOf(lines, error.pos[0]);
  const [quote] = /^(["'])(?!.*\1)/.exec(lines.text.slice(at.start, at.end)) ?? [];
  if (quote !== undefined) return openQuote(at.start, quote, 'the end of the line');
  const word = /^\S+/.exec(lines.text.slice(at.start, at.end))?.[0] ?? '';
  const glued = /^(.*[^:]):([^:/\s]+)$/.exec(word);
  return {
    span: { start: at.start, end: at.start + Math.max(1, word.length) },
    expected: 'a key, a colon, a space and a value',
    found: JSON.stringify(word),
    hint: glued
      ? `a space is missing after the colon: ${glued[1]}: ${glued[2]}`
      : 'is a colon missing behind it?',
  };
}

function firstWordOf(lines: TextLines, offset: number): Span {
  const { line } = lines.positionOf(offset);
  const text = lines.lineText(line);
  const start = Math.max(offset, lines.startOf(line) + text.search(/\S|$/));
  return { start, end: lines.startOf(line) + text.length };
}

/** Either `key: a: b` on one line, or the next line is indented deeper although its key has a value already. */
function nestedMap(error: YAMLError, { lines }: Context): Finding {
  const { line } = lines.positionOf(error.pos[0]);
  const end = lines.startOf(line) + lines.lineText(line).length;
  if (/: |:$/.test(lines.text.slice(error.pos[0], end))) {
    return {
      span: { start: error.pos[0], end },
      expected: 'one value',
      found: 'a second colon on the line',
      hint: 'put the value in quotes, or a nested key on a line of its own',
    };
  }
  return overIndented(lines, line);
}

function overIndented(lines: TextLines, line: number): Finding {
  let next = line + 1;
  while (next < lines.count && /^\s*(?:#.*)?$/.test(lines.lineText(next))) next++;
  const text = lines.lineText(next);
  const start = lines.startOf(next) + text.search(/\S|$/);
  return {
    span: { start, end: lines.startOf(next) + text.length },
    expected: `the indentation of line ${line}`,
    found: 'a deeper one',
    hint: `line ${line} has a value already: begin both lines in the same column`,
  };
}

function unclosedQuote(error: YAMLError, context: Context): Finding | null {
  if (!error.message.includes('quote')) return null;
  const start = openedAt(context, error.pos[0]);
  const quote = context.lines.text.charAt(start);
  return openQuote(start, quote === "'" ? "'" : '"', 'the end of the file');
}

function openQuote(start: number, quote: string, found: string): Finding {
  return {
    span: { start, end: start + 1 },
    expected: `a closing ${quote}`,
    found,
    hint: 'it is opened here',
  };
}

function unclosedBracket(error: YAMLError, context: Context): Finding | null {
  const closing = /end with a ([\]}])/.exec(error.message)?.[1];
  if (closing === undefined) return unevenIndent(error, context);
  const start = openedAt(context, error.pos[0]);
  return {
    span: { start, end: start + 1 },
    expected: `a closing ${closing}`,
    found: 'something else',
    hint: `the ${closing === ']' ? '[' : '{'} is opened here`,
  };
}

/** Where the last quote or bracket before an offset was opened. */
function openedAt({ yaml }: Context, offset: number): number {
  let opened = 0;
  visit(yaml, {
    Node(_key, node) {
      const quoted = isScalar(node) && node.type?.startsWith('QUOTE');
      const flow = isCollection(node) && node.flow === true;
      const [start, end] = node.range ?? [0, 0];
      if ((quoted || flow) && start < offset && end >= offset - 1) opened = start;
    },
  });
  return opened;
}

function unevenIndent(error: YAMLError, { lines }: Context): Finding | null {
  if (!/at node end|same column/.test(error.message)) return null;
  const { line } = lines.positionOf(error.pos[0]);
  const text = lines.lineText(line);
  const start = lines.startOf(line) + text.search(/\S|$/);
  const address = BARE_ADDRESS.exec(text)?.[1];
  if (address !== undefined) {
    const at = lines.startOf(line) + text.indexOf(address);
    return {
      span: { start: at, end: at + address.length },
      expected: 'an IPv6 address in quotes',
      found: 'one without, where [ begins a list',
      hint: `put it in quotes: "${address}"`,
    };
  }
  return {
    span: { start, end: lines.startOf(line) + text.length },
    expected: 'a line that begins in the same column as its neighbours',
    found: 'another indentation, or a list beside a map',
    hint: 'keys of one map begin in one column; items of a list begin with "- "',
  };
}

/** `[::1]:3001` as a value, or as an item of a list. */
const BARE_ADDRESS = /[:\-[,]\s+(\[[0-9a-f.]*:[0-9a-f.:]*\](?::\d+)?)/i;

function wildcardKey(error: YAMLError, context: Context): Finding | null {
  const { line } = context.lines.positionOf(error.pos[0]);
  return /^\s*(?:- )?\*/.test(context.lines.lineText(line)) ? quoteStar(error, context) : null;
}

function quoteStar(error: YAMLError, { lines }: Context): Finding {
  const { line } = lines.positionOf(error.pos[0]);
  const text = lines.lineText(line);
  const word = /\*[^\s:]*/.exec(text) ?? { index: 0, 0: '*' };
  const start = lines.startOf(line) + word.index;
  return {
    span: { start, end: start + word[0].length },
    expected: 'a key',
    found: 'an alias, because it begins with *',
    hint: `put it in quotes: "${word[0]}"`,
  };
}

function span(error: YAMLError): Span {
  return { start: error.pos[0], end: Math.max(error.pos[1], error.pos[0] + 1) };
}
