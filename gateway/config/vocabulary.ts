/** Keys and words that people write because another program knows them. */

import { nearest, pastedHint } from '../keys/hint.ts';
import { keysAt, type Synonym, synonymsIn } from '../keys/key-doc.ts';
import { configuration } from './schema.ts';

/** Other programs' words for keys, from the rows of the keys. Of several, the first that the place has is meant. */
const ELSEWHERE = synonymsIn(configuration);

/** Settings of other programs that this one lacks, and what to use instead. */
const NOT_A_SETTING = byWord({
  'certificates stand below "tls:" at the top level (docs/tls.md)':
    'cert certificate certificates key sslcertificate sslcertificatekey',
  'certificates are ordered by "tls: { acme: on }" at the top level (docs/tls.md)':
    'acme letsencrypt certresolver',
  'nothing has to be set for clients; a service that speaks HTTP/2 is written h2c://HOST:PORT, over TLS h2://HOST:PORT (docs/tls.md)':
    'http2 h2 h2c grpc',
  'plain HTTP is led to HTTPS by "tls: { redirect: true }" at the top level (docs/tls.md)':
    'httpsredirect forcehttps forcessl',
  'a service is asked over TLS by its URL, https://HOST:PORT; clients are met by "tls:" at the top level (docs/tls.md)':
    'https ssl secure upstreamtls proxyssl backendtls',
  'it stands below "auth:" (docs/auth.md)':
    'htpasswd password users basicauth jwt oidc oauth2 sso allowedgroups allowedemails forwardauth authrequest apikey apikeys keyauth',
  'it stands below "cors:"':
    'origins alloworigin alloworigins allowedorigins allowmethods allowedmethods allowheaders allowedheaders exposeheaders exposedheaders allowcredentials accesscontrolalloworigin accesscontrolallowmethods accesscontrolallowheaders accesscontrolmaxage',
  'a redirect stands at a route: /old: { redirect: /new } (docs/redirect.md)':
    'redirect redirects return rewriterule redir',
  'compression is a switch of a route or of the top level: compress: true (docs/compress.md)':
    'gzip compress compression encode brotli zstd',
  'files are a route of their own: /docs: { folder: ./public } (docs/folder.md)':
    'static root folder alias fileserver files tryfiles index',
  'limits of clients are: rateLimit: { rate: 100/s, by: ip } (docs/rate-limit.md)':
    'ratelimit limitreq throttle rate',
  'what leads where stands below "routes:": /api: 3001, or /api: [3001, 3002]':
    'to server servers upstream upstreams backend backends cluster clusters location locations http routers frontend frontends proxy reverseproxy listeners staticresources virtualhosts',
  'times stand below "timeouts:": { connect: 2s, response: 30s, idle: 60s }':
    'proxyreadtimeout proxysendtimeout proxyconnecttimeout readtimeout writetimeout dialtimeout connecttimeout responseheadertimeout idletimeout requesttimeout',
  'nothing has to be set: bodies pass in both directions as they come':
    'buffering proxybuffering proxyrequestbuffering flushinterval streaming',
  'nothing has to be set: the admin listener has them at /metrics (docs/metrics.md)':
    'metrics prometheus stats',
  'nothing has to be set: each exchange is a line on standard output (docs/logs.md)':
    'accesslog accesslogs errorlog',
  'a key beside "routes:" is the default of all routes': 'defaults default global',
  'routes are for every port of the gateway': 'entrypoints entrypoint listener',
  'the order in the file does not matter: host before none, exact before prefix, longer before shorter':
    'priority',
  'host and path are the key of the route: "shop.example/cart: 3010"; conditions stand below "when:"': 'rule',
  'it stands below "tls: { acme: { email: ... } }" (docs/tls.md)': 'email',
  'nothing has to be set: every route carries WebSockets': 'websocket websockets ws',
  'one file is the whole configuration; anchors (&name, "<<: *name") spare repetition':
    'include includes import imports',
  'a host stands in the key of the route: "shop.example/cart: 3010"': 'host domain hostname',
  'no regular expressions: a route takes everything below its path, "/cart: 3010"': 'regex',
  'a path is the key of the route: "/cart: 3010"': 'path pathprefix prefix',
  'code extends a route: "extend: ./file.ts" (docs/extend.md)': 'middleware middlewares',
});

/** The same for maps of a route. `has` is a key that only this map knows. */
const NOT_BELOW: readonly (readonly [has: string, hint: string, words: ReadonlySet<string>])[] = [
  [
    'maxEntry',
    'how long an answer is kept is said by its own Cache-Control (docs/cache.md)',
    words('ttl maxage valid proxycachevalid expires duration time defaultttl'),
  ],
  [
    'perTry',
    'what can be sent again without harm is; an answer, 503 too, is passed on (docs/reliability.md)',
    words('on retryon statuses statuscodes status methods conditions backoff delay interval'),
  ],
  [
    'unhealthyAfter',
    'answers are judged without a check, too: "ejection:" of the route (docs/health.md)',
    words('passive outlierdetection maxfails'),
  ],
];

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '));
}

/** From each of the words to what all of them mean. */
function byWord(wordsOf: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const pairs = Object.entries(wordsOf).flatMap(([meaning, list]) =>
    list.split(' ').map((word) => [word, meaning] as const),
  );
  return Object.fromEntries(pairs);
}

/** Keys elsewhere, that are one value of a key here. */
const VALUE_ELSEWHERE: Readonly<Record<string, readonly [key: string, value: string]>> = {
  leastconn: ['balance', 'least-requests'],
  iphash: ['balance', 'hash'],
  random: ['balance', 'random-two'],
  roundrobin: ['balance', 'round-robin'],
  hash: ['balance', 'hash'],
};

/** Words elsewhere for a word here. */
const WORD_ELSEWHERE = byWord({
  dev: 'internal selfsigned mkcert',
  off: 'none no disabled disable never',
  on: 'yes enabled enable',
  none: 'off false',
  warn: 'warning',
  error: 'err crit critical alert fatal',
  debug: 'verbose',
  pretty: 'text plain console',
  kubernetes: 'k8s',
  'round-robin': 'rr wrr staticrr',
  'least-requests': 'leastconn leastconnection leastconnections leastrequest leastoutstanding',
  'random-two': 'random rand p2c poweroftwo poweroftwochoices',
  hash: 'iphash clientiphash ip source consistent consistenthash ringhash maglev',
});

/** Settings of a route, not of its endpoints. */
const OF_ALL_ENDPOINTS = ['balance', 'health', 'ejection', 'slowStart', 'limits', 'breaker', 'retries'];

/** Keys of a route that users of other programs expect in `limits` and other maps. */
const OF_A_ROUTE = ['rateLimit', 'bodyMax', 'bandwidth', 'concurrent', 'timeouts'];

/** And the other way round. */
const OF_AN_ENDPOINT: ReadonlySet<string> = new Set(['at', 'weight', 'backup']);

export interface KeyAdvice {
  readonly expected: string;
  readonly hint: string;
}

/**
 * Advice about a key that an object does not have.
 * @param holder the object with its article: `a route`
 * @param value of the key
 */
export function adviseKey(key: string, known: readonly string[], holder: string, value: unknown): KeyAdvice {
  return { expected: `a key of ${holder}`, hint: suggestion(key, known, value) };
}

function suggestion(key: string, known: readonly string[], value: unknown): string {
  const pasted = pastedHint(key);
  if (pasted !== null) return pasted;
  if (key.startsWith('/') && known.includes('routes')) return 'a route? indent it below "routes:"';
  if (key.startsWith('/') && known.includes('to'))
    return 'routes do not nest: write the whole path as a key of "routes:"';
  const location = known.includes('routes') && /^(?:location|route|path|handle(?:_path)?) +(\/\S*)/.exec(key);
  if (location) return `a route stands below "routes:": ${location[1]}: 3001`;
  const glued = /^([A-Za-z]+):(.+)$/.exec(key);
  if (glued && value === null) return `a space is missing after the colon: ${glued[1]}: ${glued[2]}`;
  if (OF_AN_ENDPOINT.has(key) && known.includes('to'))
    return 'it is said of an endpoint: "to: { at: 3001, weight: 3 }", or a list of such';
  if (key.startsWith('x-') && known.includes('routes'))
    return 'an anchor (&name) stands at the first value that has it; "<<: *name" repeats it';
  if (known.length === 1 && known[0] === 'hash') return 'what to hash by stands below "hash:"';
  if (known.includes('at')) return ofAnEndpoint(key, known);
  return nearOrElsewhere(key, known);
}

/** In nginx and HAProxy these are settings of each server; here they apply to all of a route. */
function ofAnEndpoint(key: string, known: readonly string[]): string {
  const meant = meantKey(key, known) === null ? meantKey(key, OF_ALL_ENDPOINTS) : null;
  return meant === null ? nearOrElsewhere(key, known) : `it is said of the whole route, and called ${meant}`;
}

function nearOrElsewhere(key: string, known: readonly string[]): string {
  const elsewhere = elsewhereKey(key, known);
  // Top-level or route settings; further down the same word has another meaning.
  const missing = known.includes('routes') || known.includes('to') ? lookUp(NOT_A_SETTING, key) : undefined;
  if (missing !== undefined && (elsewhere === null || elsewhere === 'when')) return missing;
  if (elsewhere === 'when') return 'conditions stand below "when:"';
  const setting = lookUp(VALUE_ELSEWHERE, key);
  if (setting !== undefined && known.includes(setting[0])) return `here it is ${setting[0]}: ${setting[1]}`;
  if (elsewhere !== null) return `here it is called ${elsewhere}`;
  const level = ofOtherLevel(key, known);
  if (level !== null) return level;
  const near = nearest(key, known);
  if (near !== null) return `did you mean ${near}?`;
  const below = NOT_BELOW.find(([has, , words]) => known.includes(has) && words.has(wordOf(key)));
  if (below !== undefined) return below[1];
  if (known.join() === 'set,add,remove')
    return 'fields stand below what is done to them: "set: { X-Team: shop }"';
  const beside = known.includes('to') || known.includes('routes') ? null : routeKey(key);
  if (beside !== null) return `it is said of the whole route, and called ${beside}`;
  if (known.join() === 'request,answer')
    return 'fields stand below what they are for: "answer: { set: { X-Team: shop } }", or "request: ..."';
  return `the keys are ${known.join(', ')}`;
}

/** A key of a route at the top level, or the other way round. */
function ofOtherLevel(key: string, known: readonly string[]): string | null {
  const atTop = known.includes('routes');
  if (!atTop && !known.includes('strip')) return null;
  const others = keysAt(configuration, atTop ? ['routes', '/'] : []);
  const meant = others.includes(key) ? key : elsewhereKey(key, others);
  if (meant === null || known.includes(meant)) return null;
  if (meant === 'to') return lookUp(NOT_A_SETTING, 'to')!;
  const place = atTop ? 'it stands at a route' : 'it stands at the top level, beside "routes:"';
  return meant === key ? place : `${place}, and is called ${meant}`;
}

function routeKey(key: string): string | null {
  return OF_A_ROUTE.find((known) => wordOf(known) === wordOf(key)) ?? elsewhereKey(key, OF_A_ROUTE);
}

/** The known key that was probably intended, or `null`. */
export function meantKey(key: string, known: readonly string[]): string | null {
  return elsewhereKey(key, known) ?? nearest(key, known);
}

/** The same word means other keys in other maps: `storage` of `acme` is its `folder`, not that of a route. */
function elsewhereKey(key: string, known: readonly string[]): string | null {
  const fits = ({ key: meant, siblings }: Synonym) =>
    known.includes(meant) &&
    (known.every((one) => siblings.includes(one)) || siblings.every((one) => known.includes(one)));
  return lookUp(ELSEWHERE, key)?.find(fits)?.key ?? null;
}

/** The known word that another program has this one for, or `null`. */
export function elsewhereWord(text: string, known: readonly string[]): string | null {
  const meant = lookUp(WORD_ELSEWHERE, text);
  return meant !== undefined && known.includes(meant) ? meant : null;
}

function wordOf(text: string): string {
  return text.toLowerCase().replace(/[-_\s]/g, '');
}

function lookUp<Value>(table: Readonly<Record<string, Value>>, text: string): Value | undefined {
  const word = wordOf(text);
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
