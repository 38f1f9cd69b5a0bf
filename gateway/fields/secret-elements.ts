import { HIDDEN, isSecretName } from './secrets.ts';

/** Hides the content of XML elements with a secret's name, also of XML in a JSON string (`\u003c`, `<\/`) or in XML (`&lt;`). Reads forward only. */
export function withoutElements(text: string): string {
  let shown = '';
  let shownTo = 0;
  BEGIN.lastIndex = 0;
  for (let begin = BEGIN.exec(text); begin !== null; begin = BEGIN.exec(text)) {
    const [, name] = begin;
    if (HARMLESS.test(name!) || !isSecretName(name!)) continue;
    const from = endOfTag(text, BEGIN.lastIndex);
    const to = text[from.at - 1] === '/' ? from.next : endOfContent(text, from.next, name!);
    BEGIN.lastIndex = to;
    if (to === from.next) continue;
    shown += text.slice(shownTo, from.next) + HIDDEN;
    shownTo = to;
  }
  return shown + text.slice(shownTo);
}

const LESS = String.raw`(?:<|&lt;|\\u003c)`;
const GREATER = />|&gt;|\\u003e/gi;
const BEHIND_NAME = String.raw`(?=[\s/>\\]|&gt;)`;
/** The start of a tag, and its name without the prefix of a namespace. */
const BEGIN = new RegExp(String.raw`${LESS}(?:[\w.-]{1,100}:)?([a-z_][\w.-]{0,99})${BEHIND_NAME}`, 'gi');

/** An element of HTML that holds no secret. */
const HARMLESS = /^code$/i;

/** @returns where its `>` stands, and where the text behind it begins. */
function endOfTag(text: string, from: number): { at: number; next: number } {
  GREATER.lastIndex = from;
  const found = GREATER.exec(text);
  return found === null
    ? { at: text.length, next: text.length }
    : { at: found.index, next: GREATER.lastIndex };
}

/** @returns where the closing tag begins, or the end of the text. */
function endOfContent(text: string, from: number, name: string): number {
  const tags = new RegExp(
    String.raw`${LESS}(?:(!)\[CDATA\[|(\\*/)?(?:[\w.-]{1,100}:)?${name.replaceAll('.', '\\.')}${BEHIND_NAME})`,
    'gi',
  );
  tags.lastIndex = from;
  let open = 1;
  for (let tag = tags.exec(text); tag !== null; tag = tags.exec(text)) {
    const [, data, slash] = tag;
    if (data === undefined) open += slash === undefined ? 1 : -1;
    else tags.lastIndex = endOfData(text, tags.lastIndex);
    if (open === 0) return tag.index;
  }
  return text.length;
}

/** Tags within CDATA are text. @returns where the text behind it begins */
function endOfData(text: string, from: number): number {
  DATA_END.lastIndex = from;
  return DATA_END.exec(text) === null ? text.length : DATA_END.lastIndex;
}

const DATA_END = /\]\](?:>|&gt;|\\u003e)/gi;
