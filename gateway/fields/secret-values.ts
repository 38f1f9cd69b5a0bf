// Finds the end of a member's value in text of any format: JSON, strings within JSON, Python, JavaScript, YAML, HTTP fields.

/** A quote or a bracket, and the backslashes before it. */
export interface Mark {
  readonly at: number;
  readonly end: number;
  /** `\` where backslashes stand before something else. */
  readonly sign: string;
  /** How often it has been escaped. */
  readonly depth: number;
}

/** .NET and PHP write `\u0022` and `\u0027` in a text within JSON. */
const MARK = /\\*["'[\]{}()]|\\+(?:u002[27])?/g;
const MARK_HERE = new RegExp(MARK.source, 'y');

export const nextMark = (text: string, from: number): Mark | null => markOf(MARK, text, from);

/** Sticky: a search without it could run over the whole text for each of many names. */
const markAt = (text: string, at: number): Mark | null => markOf(MARK_HERE, text, at);

function markOf(pattern: RegExp, text: string, from: number): Mark | null {
  pattern.lastIndex = from;
  const whole = pattern.exec(text)?.[0];
  if (whole === undefined) return null;
  const end = pattern.lastIndex;
  const at = end - whole.length;
  const isEscaped = whole.endsWith('2') || whole.endsWith('7');
  const backslashes = whole.length - (isEscaped ? 5 : 1);
  const sign = isEscaped ? (whole.endsWith('2') ? '"' : "'") : whole.at(-1)!;
  return { at, end, sign, depth: escapesOf(backslashes, isEscaped) };
}

/** Each encoder makes two backslashes of one and adds one before a quote; where it writes `\u0022` for that, later ones only double. */
function escapesOf(backslashes: number, isEscaped: boolean): number {
  const doubled = isEscaped ? trailingZeros(backslashes) : 0;
  return doubled + trailingZeros(~(backslashes >> doubled));
}

/** Backslashes that stand for themselves come before it, two or more for each. */
const lowestBit = (bits: number) => bits & -bits;
const trailingZeros = (bits: number) => 31 - Math.clz32(lowestBit(bits));

export const isQuote = ({ sign }: Mark) => sign === '"' || sign === "'";

const isOpening = ({ sign }: Mark) => sign === '[' || sign === '{' || sign === '(';

/** The line that a name begins. */
export interface Line {
  /** The column of the name, or of the comment that it stands in: lines that are indented further belong to its value (YAML 1.2.2 §6.1). */
  readonly column: number;
  /** Backslashes before the `n` that ends a line, where the text stands in a string; 0: it does not. */
  readonly backslashes: number;
}

/** @returns the line whose first text, after dashes of a list or the sign of a comment, begins at `at`; `null`: other text stands before it */
export function lineBeginningAt(text: string, at: number): Line | null {
  let from = at;
  if (text[at - 1] === ' ')
    from -= PROPERTIES.exec(text.slice(Math.max(0, at - PROPERTIES_MAX), at))?.[0].length ?? 0;
  const node = from;
  while (from > 0 && node - from < INDENT_MAX && ' \t-?#;'.includes(text[from - 1]!)) from--;
  const sign = text.slice(from, node).search(/[#;]/);
  const column = sign < 0 ? node - from : sign;
  const before = text[from - 1];
  if (before === undefined || before === '\n' || before === '\r') return { column, backslashes: 0 };
  const isEscaped = /\\u002[27]$/.test(text.slice(Math.max(0, from - 6), from));
  const backslashes = backslashesBefore(text, from - (isEscaped ? 5 : 1));
  // The start of a string, too. In a string, each encoder has doubled the backslash before `n`.
  if (isEscaped || before === '"' || before === "'")
    return { column, backslashes: 1 << escapesOf(backslashes, isEscaped) };
  return /[nr]/.test(before) && backslashes > 0 ? { column, backslashes: lowestBit(backslashes) } : null;
}

export const INDENT_MAX = 200;

/** Tag and anchor of a node of YAML (1.2.2 §6.9). */
export const PROPERTY = String.raw`(?:!<[^>\s]{1,100}>|[!&][^\s"',[\]{}]{0,100})`;
const PROPERTIES = new RegExp(String.raw`(?:(?<!\S)${PROPERTY} {1,10}){1,2}$`);
const PROPERTIES_MAX = 240;

function backslashesBefore(text: string, at: number): number {
  let from = at;
  while (text[from - 1] === '\\') from--;
  return at - from;
}

/**
 * @param line `null`: the name stands within brackets, or behind another member.
 * @returns where the value ends, or the text; `from`, if there is no value.
 */
export function endOfValue(text: string, from: number, line: Line | null): number {
  TAGGED.lastIndex = from;
  TAGGED.test(text);
  const first = markAt(text, TAGGED.lastIndex);
  const isEnclosed = first !== null && (isQuote(first) || isOpening(first));
  const end = isEnclosed ? endOfQuoted(text, first) : from;
  if (line === null) return isEnclosed ? end : endOfBare(text, from);
  return isEnclosed && isBehindValue(text, end) ? end : endOfBlock(text, end, line, end === from);
}

/** Python's `b"…"`, a call (`ObjectId("…")`), a type of PHP (`string(1) "…"`, `object(User)#1 (2) {`) or a YAML tag: the string after it is part of the value. */
const TAGGED =
  /(?:&?(?:(?:string|array)|object\([^)\n]{1,200}\)#\d{1,9} )\(\d{1,9}\) (?=\\*["{])|[bfru]{1,2}(?=\\*["'])|(?:new )?[\w.]{1,100}(?=\()|![^\s"'[\]{}()]{0,100} {1,10})?/iy;

function endOfBare(text: string, from: number): number {
  BARE.lastIndex = from;
  return from + BARE.exec(text)![0].length;
}

/** Words and numbers; in YAML they go on in lines that are indented. */
const BARE = /(?:[^"{}[\](),\n\r]|\r?\n(?=[ \t]))*/y;

function isBehindValue(text: string, at: number): boolean {
  BEHIND_VALUE.lastIndex = at;
  return BEHIND_VALUE.test(text);
}

const BEHIND_VALUE = /[ \t]*(?:[,}\])"'\n\r]|\\+["'nr]|$)/y;

/** The rest of the line, and all lines that are indented further. */
function endOfBlock(text: string, from: number, line: Line, isEmpty: boolean): number {
  let end = endOfLine(text, from, line);
  const mayBeList = isEmpty && text.slice(from, end.at).trim() === '';
  let at = end.at;
  while (end.next !== null) {
    INDENT.lastIndex = end.next;
    const [indent = '', dash] = INDENT.exec(text) ?? [];
    const isBlank = end.next + indent.length === endOfLine(text, end.next, line).at;
    const isDeeper = indent.length > line.column;
    // The elements of a list may stand as far left as its name.
    if (!isBlank && !isDeeper && !(mayBeList && dash && indent.length === line.column)) break;
    end = endOfLine(text, end.next, line);
    if (!isBlank) at = end.at;
  }
  // The comma of JSON in lines.
  return text[at - 1] === ',' ? at - 1 : at;
}

const INDENT = /[ \t]*(-(?=\s))?/y;

/** @returns the end of the line and the start of the next; `null`: it is the last */
function endOfLine(text: string, from: number, { backslashes }: Line): { at: number; next: number | null } {
  const ends = backslashes === 0 ? NEWLINE : ESCAPED_NEWLINE;
  ends.lastIndex = from;
  for (let found = ends.exec(text); found !== null; found = ends.exec(text)) {
    const { 0: whole, index } = found;
    const [sign, before] = [whole.at(-1)!, whole.length - 1];
    // The end of the string that the line stands in; of another one it is part of the line.
    if (sign === '"' && (before & (2 * backslashes - 1)) < backslashes) return { at: index, next: null };
    if (/[nr]/.test(sign) ? lowestBit(before) === backslashes : /\s/.test(sign))
      return { at: index, next: index + whole.length };
  }
  return { at: text.length, next: null };
}

const NEWLINE = /\r?\n|\r/g;
const ESCAPED_NEWLINE = /\\+["nr]?|"|\r?\n|\r/g;

/** @returns where the quote or the bracket is closed, or else the end of the text. */
function endOfQuoted(text: string, first: Mark): number {
  let brackets = 0;
  let quote: Mark | null = null;
  for (let mark: Mark | null = first; mark !== null; mark = nextMark(text, mark.end)) {
    if (quote === null && isQuote(mark)) quote = mark;
    else if (quote === null) brackets += isOpening(mark) ? 1 : mark.sign === '\\' ? 0 : -1;
    else if (mark.sign === quote.sign && mark.depth <= quote.depth) {
      // In a string within JSON, whose encoder keeps `'`, `\\'` was `\'`; elsewhere the quote ends a string that ends with a backslash.
      if (mark.sign === "'" && lengthOf(mark) > lengthOf(quote)) return text.length;
      quote = null;
    }
    if (quote === null && brackets <= 0) return mark.end;
  }
  return text.length;
}

const lengthOf = ({ at, end }: Mark) => end - at;
