/** Guesses at intended values. */

/** Advice for letters that look like digits. `null`: not the fault. */
export function lettersInNumber(text: string): string | null {
  if (!/\d/.test(text) || !/^[\dOoIl|]+$/.test(text) || /^\d+$/.test(text)) return null;
  if (/[Oo]/.test(text)) return 'a letter O instead of a zero?';
  return 'a letter l or I instead of a one?';
}

/** Advice for characters that word processors and web pages use in place of `"` and spaces. `null`: not the fault. */
export function pastedHint(text: string): string | null {
  const quote = /[“”„«»‘’]/.exec(text)?.[0];
  if (quote !== undefined)
    return `${quote} is no quote of YAML, and none is needed: ${text.replaceAll(/[“”„«»‘’]/g, '')}`;
  const hidden = /[\u00a0\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff]/.exec(text)?.[0];
  if (hidden === undefined) return null;
  const code = hidden.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `it has U+${code}, which looks like a space or like nothing: type the line anew`;
}

/** The nearest of the known words, or `null` when none is near enough to be a slip of the fingers. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const given = plain(word);
  if (given === '') return null;
  let best: string | null = null;
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const candidate of known) {
    // `of` is nearer to `off` than to `on`: letters are left out more often than mistaken.
    const begun = plain(candidate).startsWith(given) ? 0.5 : 0;
    const distance = editDistance(given, plain(candidate), Math.ceil(least)) - begun;
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** `max_connections`, `max-connections` and `MaxConnections` are one slip, not many. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, '');
}

/** Insertions, deletions, substitutions and swaps of neighbours; `limit` where it is that or more. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      current.push(stepTo(a, b, row, column, current, last, beforeLast));
    }
    beforeLast = last;
    last = current;
  }
  return Math.min(limit, last[b.length]!);
}

function stepTo(
  a: string,
  b: string,
  row: number,
  column: number,
  current: readonly number[],
  last: readonly number[],
  beforeLast: readonly number[],
): number {
  const cost = a[row - 1] === b[column - 1] ? 0 : 1;
  const plainStep = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + cost);
  const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
  return swapped ? Math.min(plainStep, beforeLast[column - 2]! + 1) : plainStep;
}
