/** Keys of a route that say how a request is rewritten for its service, and the answer for the client. */

import { z } from 'zod';
import { nearest } from '../keys/hint.ts';
import { parseHost } from '../keys/host.ts';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { row } from '../keys/section.ts';
import { flag, onOff, parsedBy } from '../keys/value.ts';
import type { HostHeader } from '../model/config.ts';
import { canonicalPath } from '../route/target.ts';
import { faultText } from '../route/target-fault.ts';

/**
 * A path without trailing slashes, to which the rest is appended. Where nothing is appended, one slash stays: the service might redirect
 * `/docs` to `/docs/` again and again.
 */
export function inPlace(path: string, { append, exact }: Appended): string {
  return path.replace(/\/+$/, append === false || exact === true ? '/' : '');
}

export interface Appended {
  readonly append?: boolean | undefined;
  readonly exact?: boolean | undefined;
}

function parseServicePath(text: string): ParseResult<string> {
  if (!text.startsWith('/')) return refused('a path begins with /; the host stands in "to"');
  if (/\/\/./.test(text)) return refused(`an empty segment: ${text.replace(/\/{2,}/g, '/')}`);
  const read = canonicalPath(text);
  if (read.ok) return accepted(read.path);
  const { what, mend } = faultText(read.reason);
  return refused(
    read.reason === 'query' ? 'the query of the request is kept: this has none' : `it ${what}. ${mend}`,
  );
}

const HOST_HEADERS = ['auto', 'keep', 'rewrite'] as const;

/** A value almost equal to one of the words is a typing error, and not a host of one label. */
const hostHeader = parsedBy(
  z.string(),
  (text): ParseResult<HostHeader> => {
    const word = HOST_HEADERS.find((each) => each === text);
    if (word !== undefined) return accepted(word);
    const near = nearest(text, HOST_HEADERS);
    if (near !== null) return refused(`did you mean ${near}?`);
    const [, name = text, port = ''] = /^(.+?)(:\d{1,5})?$/.exec(text) ?? [];
    const parsed = parseHost(name);
    return parsed.ok ? accepted({ name: parsed.value + port }) : parsed;
  },
  { expected: 'auto, keep, rewrite, or a host name' },
);

export const rewritingRows = {
  strip: row(flag, 'Whether the prefix is taken off: `/images/a.png` reaches the service as `/a.png`.', {
    default: 'true',
    also: 'stripprefix handlepath',
  }),
  rewritePrefix: row(
    parsedBy(z.string(), parseServicePath, { expected: 'a path, /api/v2', pattern: /^\// }),
    'What stands in the place of the prefix at the service: with `/api/v2`, `/images/a.png` reaches it as `/api/v2/a.png`, and its `Location: /api/v2/b` reaches the client as `/images/b`.',
    {
      type: 'path',
      expected: 'a path, /api/v2',
      default: '/',
      also: 'addprefix basepath replaceprefix replacepath replacepathregex rewritetarget',
    },
  ),
  append: row(
    flag,
    'Whether what follows the prefix is appended to `rewritePrefix`, and to `redirect`. Without it the whole route leads to that one path; the query stays.',
    { default: 'true', also: 'fullpath' },
  ),
  rewrite: row(
    onOff,
    'Whether the prefix is put back in what the service says about itself: `Location`, `Content-Location`, `Refresh`, `Link`, `Set-Cookie`.',
    { default: 'on' },
  ),
  hostHeader: row(
    hostHeader,
    'The `Host` that the service sees: the one that the client sent, that of the endpoint, or a name; `auto` keeps it, and at the name that a route has in development rewrites it for a service that has refused that name (400, 403, 421). With `rewrite` or a name, `Origin` and `Referer` say the same, where they named the gateway; in production, name its hosts in `allowedHosts` then, or whatever name leads here counts as its own.',
    {
      default: 'auto',
      type: '`auto`, `keep`, `rewrite`, host name',
      expected: 'auto, keep, rewrite, or a host name',
      also: 'preservehost passhostheader changeorigin',
    },
  ),
};
