import { CATALOG } from '../exchange/error-catalog.ts';
import { withoutElements } from './secret-elements.ts';
import { endOfValue, INDENT_MAX, isQuote, lineBeginningAt, nextMark, PROPERTY } from './secret-values.ts';
import { HIDDEN, isSecretName } from './secrets.ts';

/**
 * Hides members with a secret's name in text that may contain JSON (embedded, cut off, or as a string within JSON), JSON-like text with `'`
 * as Python and JavaScript write it, YAML, HTTP fields, INI, arrays as PHP prints them, XML, or any name and colon at the start of a line or
 * after a bracket or comma. Reads forward only, so that hostile text costs linear time.
 */
export function withoutMembers(text: string): string {
  return withoutBareNames(withoutQuotedNames(withoutElements(text)));
}

function withoutQuotedNames(text: string): string {
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
    const name = unescaped(text.slice(nameFrom, mark.at));
    if (valueFrom === null || !isSecretName(name)) continue;
    const quote = text.slice(mark.at, mark.end);
    const valueTo = endOfValue(text, valueFrom, lineBeginningAt(text, nameFrom - quote.length));
    if (valueTo === valueFrom || (name === 'code' && isOwnCode(text.slice(valueFrom, valueTo)))) continue;
    shown += `${text.slice(shownTo, mark.end)}:${quote}${HIDDEN}${quote}`;
    at = shownTo = valueTo;
  }
  return shown + text.slice(shownTo);
}

/** `"code": "no_route"` of our own answers: a code of a login is none of these words. */
function isOwnCode(value: string): boolean {
  const [, code] = /^\\*"([a-z_\d]{1,60})\\*"$/.exec(value) ?? [];
  return code !== undefined && Object.hasOwn(CATALOG, code);
}

/** Of a longer one the end decides. */
const NAME_MAX_CHARS = 1_000;

/** @returns where a value may begin, or `null` where no colon follows. */
function behindColon(text: string, at: number): number | null {
  COLON.lastIndex = at;
  return COLON.test(text) ? COLON.lastIndex : null;
}

/** Ruby and PHP have an arrow, PHP's `var_dump` names in brackets: `["pin"]=>`, `["pin":protected]=>`, `["pin":"User":private]=>`. */
const COLON =
  /(?:\s|\\+[nrt])*(?::(?:\\*"[^"\n]{1,200}":)?(?:private|protected)\]=>|:|\]?=>)(?:\s|\\+[nrt])*/y;

/** Between two quotes of which the first ended another text, only the last line is a name. */
function unescaped(name: string): string {
  const line = name.split(/[\n\r]|\\[nr]/).at(-1)!;
  return line.replace(/\\u([0-9a-f]{4})|\\/gi, (_, hex?: string) =>
    hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function withoutBareNames(text: string): string {
  let shown = '';
  let shownTo = 0;
  for (const { 0: whole, 1: before, 2: name, 3: arrow, 4: sign, index } of text.matchAll(BARE_NAME)) {
    // Inside text that is hidden already.
    if (index < shownTo || !isSecretName(name!)) continue;
    const nameFrom = index + before!.length;
    const colonEnd = index + whole.length;
    const line = lineBeginningAt(text, arrow ? nameFrom - 1 : nameFrom);
    // A parameter, of a call or of a query.
    if (sign === '=' && line === null) continue;
    SPACE.lastIndex = colonEnd;
    SPACE.test(text);
    const valueTo = endOfValue(text, SPACE.lastIndex, line);
    if (valueTo === SPACE.lastIndex) continue;
    const blank = sign === '=' ? text.slice(colonEnd, SPACE.lastIndex) : ' ';
    shown += text.slice(shownTo, colonEnd) + blank + HIDDEN;
    shownTo = valueTo;
  }
  return shown + text.slice(shownTo);
}

/**
 * Text that may precede a name: YAML's tags, anchors and `? `, the sign of a comment, Ruby's `#<User `; the name; and PHP's `] =>`, a colon,
 * or an `=` that has the rest of the line for its value.
 */
const BARE_NAME = new RegExp(
  [
    String.raw`((?:^|[\n\r{[(,"']|\\(?:[nr]|u002[27])|#<[\w:]{1,100}[ \t])(?:[ \t#;]|[-?](?=[ \t])){0,${INDENT_MAX}}(?:${PROPERTY} {1,10}){0,2})`,
    String.raw`([a-z_$][\w.$-]{0,99})(?:(?::[\w:\\]{1,200})?\][ \t]{0,20}(=>)|[ \t]{0,20}(?:\r?\n[ \t]{0,20}(?=:[ \t]))?(:|=(?=[ \t]+[^=]|[^=&\n\r]*(?:[\n\r]|$))))`,
  ].join(''),
  'gi',
);
/** A value in the next line counts only if it is indented. */
const SPACE = /[ \t]*/y;
