/** The two ways in which a route is carried. What a client or a service sees must not depend on it. */
export interface RouteKind {
  readonly kind: string;
  /**
   * Whether Fastify stands between forwarding and the client. It writes names of fields in lower case and repeated ones side by
   * side, takes the reason from the status (RFC 9112 §4 lets a client ignore it), and knows neither 1xx nor trailers.
   */
  readonly throughFastify: boolean;
  /** Header lines of an answer in the form in which they can be compared on such a route. */
  comparable(lines: readonly string[]): string[];
  /** Files that must lie beside the configuration. */
  readonly files: Readonly<Record<string, string>>;
  /** `routes:` with one route, and further keys of it: `kind.routes('/db', 3001, 'strip: false')`. */
  routes(key: string, to: number | string, ...keys: string[]): string;
}

const plain: RouteKind = {
  kind: 'a plain route',
  throughFastify: false,
  comparable: (lines) => [...lines],
  files: {},
  routes: (key, to, ...keys) => `routes:\n  ${key}: { ${[`to: ${to}`, ...keys].join(', ')} }\n`,
};

const extended: RouteKind = {
  kind: 'a route extended in code',
  throughFastify: true,
  comparable: (lines) => lines.map(lowerName).sort(byName),
  files: { 'extension.ts': 'export default {};\n' },
  routes: (key, to, ...keys) => plain.routes(key, to, 'extend: ./extension.ts', ...keys),
};

function lowerName(line: string): string {
  const colon = line.indexOf(':');
  return line.slice(0, colon).toLowerCase() + line.slice(colon);
}

/** Keeps the order of lines with the same name. */
function byName(a: string, b: string): number {
  const [nameA, nameB] = [a, b].map((line) => line.slice(0, line.indexOf(':')));
  return nameA === nameB ? 0 : `${nameA}` < `${nameB}` ? -1 : 1;
}

/** For `describe.each`. */
export const routeKinds: readonly RouteKind[] = [plain, extended];
