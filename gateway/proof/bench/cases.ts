/** The load on every peer: the same bytes, on the same number of connections. */
export interface BenchCase {
  readonly name: string;
  readonly title: string;
  /** Path on the origin; clients ask for it below `pathPrefix`. */
  readonly path: string;
  /** Of the answer; of a message that is echoed. */
  readonly bodyBytes: number;
  /** Of the request, 0 for a GET; of a message, at most 125. */
  readonly requestBytes: number;
  /** Keep-alive connections to the proxy, one request at a time on each. */
  readonly connections: number;
  /**
   * `closed`: the next request goes out as soon as an answer is there, so the proxy is at its limit. `paced`: requests go out at a rate that is
   * half of what the slowest of them all can do, all connections at once. `tunnel`: messages through a WebSocket. `h2`: as
   * `closed`, by HTTP/2. `handshake`: a connection for each request; `resumed`: with the ticket of the one before.
   * `zipf`: a closed loop over `OBJECTS` paths, the nth of which is asked for 1/n as often as the first.
   */
  readonly load: 'closed' | 'paced' | 'tunnel' | 'h2' | 'handshake' | 'resumed' | 'zipf';
  /** Over TLS 1.3, with a certificate on P-256. */
  readonly secure?: boolean;
  /** Answered out of the proxy's cache. */
  readonly cached?: boolean;
}

/** Of a `zipf` load, below the case's path. */
export const OBJECTS = 100_000;

/** The bound of each peer's cache. */
export const CACHE_MIB = 64;

/** The first segment of every request, which each peer strips. */
export const pathPrefix = '/svc';

export const cases: readonly BenchCase[] = [
  closed('small', 'Small answers (105 bytes)', '/small', 105, 0),
  closed('10k', '10 KiB answers', '/10k', 10 * 1024, 0),
  closed('1m', '1 MiB answers', '/1m', 1024 * 1024, 0),
  { ...closed('hit', '10 KiB answers out of the cache', '/hit', 10 * 1024, 0), cached: true },
  {
    ...closed(
      'zipf',
      '100,000 objects of 3 KiB, asked for by Zipf, with 64 MiB to keep them in',
      '/z/',
      3072,
      0,
    ),
    load: 'zipf',
    cached: true,
  },
  closed('post', 'POST of 16 KiB, small answers', '/post', 105, 16 * 1024),
  {
    name: 'half',
    title: 'Small answers at half of the load',
    path: '/small',
    bodyBytes: 105,
    requestBytes: 0,
    connections: 64,
    load: 'paced',
  },
  {
    name: 'websocket',
    title: 'WebSocket, messages of 125 bytes there and back',
    path: '/tunnel',
    bodyBytes: 125,
    requestBytes: 125,
    connections: 64,
    load: 'tunnel',
  },
  { ...closed('tls', 'Small answers over TLS', '/small', 105, 0), secure: true },
  { ...closed('h2', 'Small answers over HTTP/2 and TLS', '/small', 105, 0), secure: true, load: 'h2' },
  handshakes('handshake', 'Full handshakes of TLS, one small answer each', 'handshake'),
  handshakes('resumed', 'Resumed handshakes of TLS, one small answer each', 'resumed'),
];

function handshakes(name: string, title: string, load: 'handshake' | 'resumed'): BenchCase {
  return { ...closed(name, title, '/small', 105, 0), connections: 8, secure: true, load };
}

/** On how many connections it is asked, in words. */
export function connectionsOf({ connections, load }: BenchCase): string {
  const fresh = load === 'handshake' || load === 'resumed';
  return fresh ? `a connection each, ${connections} at a time` : `${connections} keep-alive connections`;
}

function closed(
  name: string,
  title: string,
  path: string,
  bodyBytes: number,
  requestBytes: number,
): BenchCase {
  return { name, title, path, bodyBytes, requestBytes, connections: 64, load: 'closed' };
}

/** The answer's body: printable, so that a configuration file may hold the small one in quotes. */
export function caseBody(benchCase: BenchCase): Buffer {
  return Buffer.alloc(benchCase.bodyBytes, 'one origin, many ports; ');
}
