import fc from 'fast-check';
import { keysFile } from '../../testing/users-file.ts';

/** A request, as either version of HTTP says it. */
export interface Asked {
  readonly method: string;
  /** Names an answer of `ANSWERS`. */
  readonly path: string;
  readonly fields: readonly string[];
  /** `null`: none. */
  readonly body: string | null;
  readonly chunked: boolean;
}

/** Keys of a route, as they stand in the file. */
export type Keys = Readonly<Record<string, string | null>>;

export interface Case {
  readonly keys: Keys;
  readonly requests: readonly Asked[];
}

/** Beside the configuration. */
export const FILES = {
  'keys.txt': keysFile({ alice: 'pw_alice', bob: 'pw_bob' }),
  '404.html': '<html>no {{requestId}}</html>',
  '5xx.html': '<html>down</html>',
};

const absentOr = (weight: number, ...values: readonly string[]): fc.Arbitrary<string | null> =>
  fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant(null), weight },
    { arbitrary: fc.constantFrom(...values), weight: 1 },
  );

/** @param mirror the port of the service that gets copies */
export function keysFor(mirror: number): fc.Arbitrary<Keys> {
  return fc.record<Keys>({
    auth: absentOr(3, '{ keys: keys.txt }', '{ keys: keys.txt, except: [OPTIONS] }'),
    rateLimit: absentOr(
      3,
      '{ rate: 3/h }',
      '{ rate: 2/h, by: header X-API-Key }',
      '[{ rate: 4/h, by: route }, { rate: 3/h }]',
    ),
    concurrent: absentOr(2, '1'),
    cors: absentOr(2, 'true', '{ origins: [https://a.example], credentials: true, expose: [X-A] }'),
    headers: absentOr(
      2,
      '{ request: { remove: [X-API-Key, Cookie] }, answer: { set: { X-Frame-Options: DENY }, add: { Vary: Accept }, remove: [ETag] } }',
      '{ request: { remove: [Accept-Encoding], set: { Range: bytes=0-3 } }, answer: { set: { Cache-Control: no-store }, remove: [Content-Type] } }',
    ),
    compress: absentOr(1, 'true', '{ minimum: 0B }', '{ encodings: [gzip], types: [text/*] }'),
    cache: absentOr(1, 'true', '{ errors: true }', '{ staleIfError: 1h, maxEntry: 1KiB }'),
    errorPages: absentOr(
      1,
      '{ 404: 404.html, 5xx: 5xx.html }',
      '{ 404: 404.html, 5xx: 5xx.html, services: true }',
    ),
    respond: absentOr(6, '{ status: 503, share: 50% }', '{ share: 50%, body: hello }'),
    mirror: absentOr(5, `${mirror}`, `{ to: ${mirror}, bodyMax: 4B }`),
    sticky: absentOr(3, 'true'),
    bandwidth: absentOr(5, '10MB/s'),
    escape: absentOr(3, 'script', 'redirect'),
    bodyMax: absentOr(4, '0B', '10B'),
    hostHeader: absentOr(5, 'rewrite'),
  });
}

const FIELDS = [
  ...[
    'Accept-Encoding: gzip',
    'Accept-Encoding: br, gzip;q=0.5',
    'Accept: text/html',
    'Sec-Fetch-Mode: navigate',
  ],
  ...['Origin: https://a.example', 'Origin: https://b.example', 'Access-Control-Request-Method: PUT'],
  ...[
    'Range: bytes=0-3',
    'If-None-Match: "e1"',
    'If-Range: "e1"',
    'Cache-Control: no-cache',
    'Cache-Control: no-store',
  ],
  ...['Cookie: a=1', 'Cookie: portway=x; b=2', 'X-API-Key: pw_alice', 'X-API-Key: pw_bob', 'X-API-Key: bad'],
  ...['X-Forwarded-User: root', 'X-Forwarded-For: 192.0.2.1', 'Max-Forwards: 0', 'TE: trailers'],
];
const WITH_BODY = ['POST', 'PUT', 'QUERY'];

/** @param paths of the service */
export function requestTo(paths: readonly string[]): fc.Arbitrary<Asked> {
  const asked = fc.record<Asked>({
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'DELETE', ...WITH_BODY),
    path: fc.constantFrom(...paths),
    fields: fc.uniqueArray(fc.constantFrom(...FIELDS), { maxLength: 5, selector: nameOf }),
    body: fc.constantFrom('', 'body', 'x'.repeat(100), 'y'.repeat(100_000)),
    chunked: fc.boolean(),
  });
  return asked.map((one) => (WITH_BODY.includes(one.method) ? one : { ...one, body: null, chunked: false }));
}

export function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}
