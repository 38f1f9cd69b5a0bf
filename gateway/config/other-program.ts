/** Recognizes files of other programs: one hint says more than a list of unknown keys. */

import type { Span } from './source.ts';

export interface OtherProgram {
  readonly found: string;
  readonly hint: string;
  /** Of the line that it is known by. */
  readonly span: Span;
}

interface Row {
  readonly found: string;
  /** All of these are in its files. */
  readonly signs: readonly [RegExp, ...RegExp[]];
  readonly hint: string;
  /** Not in its files, but in ours. */
  readonly ours?: RegExp;
}

/** In a file of ours, and no comment. */
const ROUTES = /^(?:[^#\n]*[^#\n\w-])?routes["']?[ \t]*:/m;

/** Each expression stays within a line, so that it reads a text once. */
const ROWS: readonly Row[] = [
  {
    found: 'a configuration of nginx',
    signs: [/^[ \t]*(?:upstream|server|http|events|location)\b[^{\n]*\{.*$/m, /;[ \t]*(?:[#}].*)?$/m],
    hint: '`location /api/ { proxy_pass http://127.0.0.1:3001/; }` is `/api: 3001` below "routes:"; where nothing follows the port of proxy_pass, `/api: { to: 3001, strip: false }`',
  },
  {
    found: 'a Caddyfile',
    signs: [
      // The only site of a file goes without braces.
      /^(?:[^\s#][^{\n]*\{[ \t]*|(?:reverse_proxy|php_fastcgi)[ \t].*)$/m,
      /^[ \t]*(?:reverse_proxy|handle|handle_path|file_server|php_fastcgi|respond|redir|encode|root)\b.*$/m,
    ],
    hint: '`handle_path /api/* { reverse_proxy :3001 }` is `/api: 3001` below "routes:"; `reverse_proxy /api/* :3001` is `/api: { to: 3001, strip: false }`',
  },
  {
    found: 'a configuration of HAProxy',
    signs: [
      /^(?:frontend|backend|listen|defaults|global)(?:[ \t]+\S+)?[ \t]*$/m,
      /^[ \t]+(?:bind|server|mode|use_backend|default_backend)[ \t].*$/m,
    ],
    hint: 'what `path_beg /api/` sends to `server a 127.0.0.1:3001` is `/api: { to: 3001, strip: false }` below "routes:"',
  },
  {
    found: 'a configuration of Traefik',
    signs: [/^(?:http:[ \t]*|entryPoints:.*|\[(?:http|entryPoints)\b.*)$/m, /\b(?:routers|entryPoints)\b/],
    hint: '`PathPrefix(`/api`)` is `/api: { to: 3001, strip: false }` below "routes:"; with the middleware stripPrefix, `/api: 3001`',
  },
  {
    found: 'a file of Docker Compose',
    // A process of ours may be named `image` or `build`.
    signs: [/^services:[ \t]*$/m, /^[ \t]+(?:image|build|context):[ \t]+[^\s{#&]/m],
    hint: '`portway init` beside it makes routes of the ports that it publishes; `discover: docker` follows containers by their labels',
  },
  {
    found: 'a Kubernetes object',
    signs: [/^apiVersion:.*$/m, /^kind:/m],
    // An IngressRoute of Traefik has its own `routes:`, further in.
    ours: /^["']?routes["']?[ \t]*:/m,
    hint: 'of Kubernetes, files of the Gateway API are read (HTTPRoute, Gateway); the tool ingress2gateway makes them of an Ingress',
  },
];

/** As much of a file as shows whose it is. */
const LOOKED_AT = 64 * 1024;

/** @returns `null` for a file of ours, and for any that is not known */
export function otherProgramOf(text: string): OtherProgram | null {
  const head = text.slice(0, LOOKED_AT);
  const row = ROWS.find(
    ({ signs, ours = ROUTES }) => !ours.test(head) && signs.every((sign) => sign.test(head)),
  );
  if (row === undefined) return null;
  const [first] = row.signs;
  const { index, 0: line } = first.exec(head)!;
  return { found: row.found, hint: row.hint, span: { start: index, end: index + line.length } };
}
