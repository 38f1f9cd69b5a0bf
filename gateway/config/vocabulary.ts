/** Keys that people write because another program or a later version knows them. */

import { nearest } from './hint.ts';

/** DESIGN names them; this version does not know them yet. */
export const LATER: ReadonlySet<string> = new Set(['balance', 'health', 'retries', 'workers', 'lane']);

/** What nginx, Caddy, Traefik, Compose and their like call it, lower case without separators. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  listen: 'port',
  bind: 'host',
  address: 'host',
  target: 'to',
  targets: 'to',
  upstream: 'to',
  upstreams: 'to',
  proxypass: 'to',
  proxy: 'to',
  backend: 'to',
  backends: 'to',
  url: 'to',
  service: 'to',
  port: 'to',
  endpoint: 'to',
  endpoints: 'to',
  stripprefix: 'strip',
  handlepath: 'strip',
  preservehost: 'hostHeader',
  passhostheader: 'hostHeader',
  changeorigin: 'hostHeader',
  clientmaxbodysize: 'bodyMax',
  bodylimit: 'bodyMax',
  maxbody: 'bodyMax',
  maxbodysize: 'bodyMax',
  timeout: 'timeouts',
  trustedproxies: 'trustProxy',
  trustforwardheader: 'trustProxy',
  methods: 'when',
  method: 'when',
  headers: 'when',
  query: 'when',
  match: 'when',
  command: 'run',
  cmd: 'run',
  exec: 'run',
  dir: 'cwd',
  directory: 'cwd',
  workingdir: 'cwd',
  environment: 'env',
  ports: 'port',
  logging: 'log',
  paths: 'routes',
  locations: 'routes',
  processes: 'services',
  plugin: 'extend',
  read: 'response',
  send: 'response',
  websocket: 'tunnelIdle',
  tunnel: 'tunnelIdle',
};

export interface KeyAdvice {
  readonly expected: string;
  readonly hint: string;
}

/**
 * What to say about a key that an object does not have.
 * @param holder what the object is, with its article: `a route`
 * @param value of the key
 */
export function adviseKey(key: string, known: readonly string[], holder: string, value: unknown): KeyAdvice {
  if (LATER.has(key)) {
    return { expected: `a key of ${holder}`, hint: `${key} is not supported by this version: remove it` };
  }
  return { expected: `a key of ${holder}`, hint: suggestion(key, known, value) };
}

function suggestion(key: string, known: readonly string[], value: unknown): string {
  if (key.startsWith('/') && known.includes('routes')) return 'a route? indent it below "routes:"';
  if (key.startsWith('/') && known.includes('to'))
    return 'routes do not nest: write the whole path as a key of "routes:"';
  const glued = /^([A-Za-z]+):(.+)$/.exec(key);
  if (glued && value === null) return `a space is missing after the colon: ${glued[1]}: ${glued[2]}`;
  const elsewhere = elsewhereKey(key, known);
  if (elsewhere === 'when') return 'conditions stand below "when:"';
  if (elsewhere !== null) return `here it is called ${elsewhere}`;
  const near = nearest(key, known);
  return near === null ? `the keys are ${known.join(', ')}` : `did you mean ${near}?`;
}

/** The known key that somebody who wrote this one wants, or `null`. */
export function meantKey(key: string, known: readonly string[]): string | null {
  return elsewhereKey(key, known) ?? nearest(key, known);
}

function elsewhereKey(key: string, known: readonly string[]): string | null {
  const word = key.toLowerCase().replace(/[-_]/g, '');
  const elsewhere = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : undefined;
  return elsewhere !== undefined && known.includes(elsewhere) ? elsewhere : null;
}
