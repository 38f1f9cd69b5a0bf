import { Lexer } from 'yaml';
import { MAX_DEPTH } from './source.ts';

/**
 * Where a text nests deeper than any configuration does, before it is parsed: the library takes seconds and gigabytes for a file of opening
 * brackets. @returns the offset of the first level that is too deep; -1: there is none.
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
