/** Keys of a route that sends its clients elsewhere: `redirect: /new`. */

import { z } from 'zod';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { row, section } from '../keys/section.ts';
import { described, parsedBy } from '../keys/value.ts';
import type { RedirectConfig } from '../model/config.ts';
import { type Appended, inPlace } from './rewriting-schema.ts';

const STATUSES = [301, 302, 303, 307, 308] as const;

const rows = section({
  status: row(
    z.literal(STATUSES),
    'The status of a redirect. 307 and 308 keep method and body; 301 and 308 are remembered by browsers.',
    { default: '308', type: '301, 302, 303, 307, 308', expected: '301, 302, 303, 307 or 308' },
  ),
});

export const redirectShape = {
  redirect: described(
    parsedBy(z.string(), parseRedirect, {
      expected: 'a path, /new, or a URL, https://example.com/new',
      pattern: /^(?:\/|[hH][tT][tT][pP][sS]?:|\{scheme\})/,
    }),
    'Where clients are sent, in the place of `to` ([redirect.md](redirect.md)): a path of this gateway, or a URL, in which `{scheme}` and `{host}` are those that the client asked. What follows the prefix, and the query, are appended.',
    {
      expected: 'a path, /new, or a URL, https://example.com/new',
      type: 'path or URL',
      also: 'redir redirects redirectto return',
    },
  ).optional(),
  ...rows.shape,
};

/** Keys that only redirects have. */
export const REDIRECT_KEYS = Object.keys(rows.shape);

const form = z.strictObject(redirectShape);

export function compileRedirect(written: z.output<typeof form> & Appended): RedirectConfig | null {
  const { redirect } = written;
  return redirect === undefined ? null : { to: inPlace(redirect, written), ...rows.compile(written) };
}

function parseRedirect(text: string): ParseResult<string> {
  const url = text
    .replace(/^\{scheme\}(?=:\/\/)/, 'http')
    .replace(/^(https?:\/\/)\{host\}(?=[:/]|$)/i, '$1host');
  if (!/^[!-~]+$/.test(url) || /["<>\\^`{|}]/.test(url))
    return refused('only what a URL may contain: the rest is percent-encoded');
  if (/[?#]/.test(text)) return refused('the query of the request is appended: this has none, and no #');
  if (text.startsWith('//')) return refused('a browser reads // as another host: write https:// in front');
  const isUrl = /^https?:\/\/[^/]/i.test(url) && URL.canParse(url);
  if (!isUrl && !text.startsWith('/')) return refused('a path begins with /, a URL with https:// or http://');
  if (isUrl && text.split('/', 3)[2]!.includes('@')) return refused('a redirect shows everybody its user');
  return accepted(text);
}
