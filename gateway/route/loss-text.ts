/** Why a route lost, as a sentence for people. */
import type { Loss } from './candidacy.ts';
import type { Precedence } from './specificity.ts';

const WHY_MORE_SPECIFIC: Readonly<Record<Precedence, string>> = {
  host: 'names the host more exactly',
  exact: 'is for this very path',
  path: 'has the longer path',
  methods: 'names its methods',
  headers: 'asks for more headers',
  cookies: 'asks for more cookies',
  query: 'asks for more of the query',
  values: 'asks for more exact values',
};

/** Its subject is the route: `its segment 1 is "db", the request has "dbx"`. Control characters are shown as escapes. */
export function lossText(loss: Loss): string {
  switch (loss.kind) {
    case 'host':
      return `is for the host ${loss.wanted}, the request is for ${loss.found === null ? 'none' : printable(loss.found)}`;
    case 'named':
      return `is not asked: ${printable(loss.host)} is the name of ${printable(loss.of)}`;
    case 'segment':
      return segmentText(loss.at, loss.wanted, loss.found);
    case 'exact':
      return `takes only this very path, the request goes on with ${quoted(loss.below)}`;
    case 'method':
      return `takes ${loss.wanted.join(', ')}, not ${printable(loss.found)}`;
    case 'header':
      return conditionText(`the header ${loss.name}`, loss.wanted, loss.found);
    case 'cookie':
      return conditionText(`the cookie ${loss.name}`, loss.wanted, loss.found);
    case 'query':
      return conditionText(`${quoted(loss.name)} in the query`, loss.wanted, loss.found);
    case 'less-specific':
      return `matches too, but ${printable(loss.than)} ${loss.by === null ? 'stands before it in the file' : WHY_MORE_SPECIFIC[loss.by]}`;
  }
}

function segmentText(at: number, wanted: string, found: string | null): string {
  if (found === null) return `goes on with ${quoted(wanted)}, where the request's path ends`;
  const onlyCase = found.toLowerCase() === wanted.toLowerCase() ? ' (case counts)' : '';
  const asked = found === '' ? 'an empty one' : quoted(found);
  return `has segment ${at} ${quoted(wanted)}, the request has ${asked}${onlyCase}`;
}

function conditionText(what: string, wanted: string | null, found: readonly string[]): string {
  const asks = `asks for ${what}${wanted === null ? '' : ` to be ${quoted(wanted)}`}`;
  return `${asks}, ${found.length === 0 ? 'which is missing' : `the request has ${found.map(quoted).join(', ')}`}`;
}

function quoted(text: string): string {
  return `"${printable(text)}"`;
}

/** Remote text must not move the cursor of a terminal or reverse the text (bidi controls). */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
