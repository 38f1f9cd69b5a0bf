import { HIDDEN, isSecretName } from './secrets.ts';

/**
 * Hides members with a secret's name in a text in which JSON may stand: behind something else, cut off, as a text within JSON (within JSON),
 * or with `'` for `"`, as Python and JavaScript write it. Reads forward only, so that the time grows with the length, whoever wrote the text.
 */
export function withoutMembers(text: string): string {
  const lastQuotes = new Map<string, number>();
  let shown = '';
  let shownTo = 0;
  let at = 0;
  for (let mark = nextMark(text, 0); mark !== null; mark = nextMark(text, at)) {
    at = mark.end;
    if (!isQuote(mark)) continue;
    const kind = mark.sign + mark.depth;
    const nameFrom = Math.max(lastQuotes.get(kind) ?? 0, shownTo, mark.at - NAME_MAX_CHARS);
    lastQuotes.set(kind, at);
    const valueFrom = behindColon(text, at);
    if (valueFrom === null || !isSecretName(unescaped(text.slice(nameFrom, mark.at)))) continue;
    const valueTo = endOfValue(text, valueFrom);
    if (valueTo === valueFrom) continue;
    const quote = text.slice(mark.at, mark.end);
    shown += `${text.slice(shownTo, mark.end)}:${quote}${HIDDEN}${quote}`;
    at = shownTo = valueTo;
  }
  return shown + text.slice(shownTo);
}

/** Of a longer one the end decides. */
const NAME_MAX_CHARS = 1_000;

/** A quote or a bracket, and the backslashes before it. */
interface Mark {
  readonly at: number;
  readonly end: number;
  /** `\` where backslashes stand before something else. */
  readonly sign: string;
  /** How often it has been escaped. */
  readonly depth: number;
}

/** .NET and PHP write `\u0022` and `\u0027` in a text within JSON. */
const MARK = /\\*["'[\]{}]|\\+(?:u002[27])?/g;

function nextMark(text: string, from: number): Mark | null {
  MARK.lastIndex = from;
  const whole = MARK.exec(text)?.[0];
  if (whole === undefined) return null;
  const end = MARK.lastIndex;
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

const trailingZeros = (bits: number) => 31 - Math.clz32(bits & -bits);

const isQuote = ({ sign }: Mark) => sign === '"' || sign === "'";

/** @returns where a value may begin, or `null` where no colon follows. */
function behindColon(text: string, at: number): number | null {
  COLON.lastIndex = at;
  return COLON.test(text) ? COLON.lastIndex : null;
}

const COLON = /(?:\s|\\+[nrt])*:(?:\s|\\+[nrt])*/y;

function unescaped(name: string): string {
  return name.replace(/\\u([0-9a-f]{4})|\\/gi, (_, hex?: string) =>
    hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** @returns where a value ends, or the text; `from`, if there is no value. */
function endOfValue(text: string, from: number): number {
  const first = nextMark(text, from);
  if (first?.at === from && (isQuote(first) || isOpening(first))) return endOfQuoted(text, first);
  BARE.lastIndex = from;
  return from + BARE.exec(text)![0].length;
}

const lengthOf = ({ at, end }: Mark) => end - at;

const isOpening = ({ sign }: Mark) => sign === '[' || sign === '{';

/** A number, or a word. */
const BARE = /[^\s"{}[\],]*/y;

/** @returns where the quote or the bracket is closed, or else the end of the text. */
function endOfQuoted(text: string, first: Mark): number {
  let brackets = 0;
  let quote: Mark | null = null;
  for (let mark: Mark | null = first; mark !== null; mark = nextMark(text, mark.end)) {
    if (quote === null && isQuote(mark)) quote = mark;
    else if (quote === null) brackets += isOpening(mark) ? 1 : mark.sign === '\\' ? 0 : -1;
    else if (mark.sign === quote.sign && mark.depth <= quote.depth) {
      // In a text within JSON, whose encoder leaves `'` as it is, `\\'` was `\'`; elsewhere it ends what ends with a backslash.
      if (mark.sign === "'" && lengthOf(mark) > lengthOf(quote)) return text.length;
      quote = null;
    }
    if (quote === null && brackets <= 0) return mark.end;
  }
  return text.length;
}
