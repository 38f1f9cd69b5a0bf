/** One line of the file, fit for a terminal, and where below it the carets stand. */

export interface Excerpt {
  readonly text: string;
  /** Terminal cells before the first caret. */
  readonly indentCells: number;
  readonly caretCells: number;
}

const MAX_BEFORE = 100;
const MAX_AFTER = 60;
const ELLIPSIS = '…';
/** The password of a URL: excerpts are logged. */
const PASSWORD = /(?<=:\/\/[^\s/@:"']*:)[^\s/@"']+(?=@)/g;

/**
 * The part of a line around a fault: long lines are cut at both ends, tabs show as `→`, control characters as `·`, wide characters count
 * two cells, and passwords of URLs are hidden.
 */
export function excerptOf(written: string, start: number, length: number): Excerpt {
  const line = written.replace(PASSWORD, (password) => '*'.repeat(password.length));
  const from = Math.min(start, line.length);
  const to = Math.min(Math.max(from + length, from), line.length);
  const cutBefore = from > MAX_BEFORE;
  const before = visible(cutBefore ? line.slice(from - MAX_BEFORE) : line, cutBefore ? MAX_BEFORE : from);
  const marked = visible(line.slice(from, to), Math.min(to - from, MAX_AFTER));
  const after = visible(line.slice(from + Math.min(to - from, MAX_AFTER)), MAX_AFTER);
  const cutAfter = line.length > from + Math.min(to - from, MAX_AFTER) + MAX_AFTER;
  const lead = cutBefore ? ELLIPSIS : '';
  return {
    text: `${lead}${before}${marked}${after}${cutAfter ? ELLIPSIS : ''}`,
    indentCells: cells(lead) + cells(before),
    caretCells: Math.max(1, cells(marked)),
  };
}

/** The first `count` code units, harmless to print. Half a surrogate pair at a cut would print as garbage. */
function visible(text: string, count: number): string {
  return text
    .slice(0, count)
    .toWellFormed()
    .replace(/\t/g, '→')
    .replace(/\p{Cc}/gu, '·');
}

/** East Asian wide characters and emoji take two cells, combining marks none. */
function cells(text: string): number {
  let count = 0;
  for (const char of text) count += /\p{M}|\u200d/u.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return count;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
