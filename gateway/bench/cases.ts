/** What is asked of every peer: the same bytes, on the same number of connections. */
export interface BenchCase {
  readonly name: string;
  readonly title: string;
  /** Path on the origin; clients ask for it below `pathPrefix`. */
  readonly path: string;
  readonly bodyBytes: number;
  /** Keep-alive connections to the proxy, one request at a time on each. */
  readonly connections: number;
}

/** The first segment of every request, which each peer strips. */
export const pathPrefix = '/svc';

export const cases: readonly BenchCase[] = [
  { name: 'small', title: 'Small answers (105 bytes)', path: '/small', bodyBytes: 105, connections: 64 },
  { name: '10k', title: '10 KiB answers', path: '/10k', bodyBytes: 10 * 1024, connections: 64 },
  { name: '1m', title: '1 MiB answers', path: '/1m', bodyBytes: 1024 * 1024, connections: 64 },
];

/** The answer's body: printable, so that a configuration file may hold the small one in quotes. */
export function caseBody(benchCase: BenchCase): Buffer {
  return Buffer.alloc(benchCase.bodyBytes, 'one origin, many ports; ');
}
