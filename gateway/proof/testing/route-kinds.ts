import type { Lane } from '../../exchange/contract.ts';

/** A way in which a route is carried. Clients and services must see the same on all of them. */
export interface RouteKind {
  readonly kind: string;
  /** Which implementation reads the client. The general lane accepts only messages that Node's parser accepts: decisions 0068 and 0070. */
  readonly lane: Lane;
  /**
   * Whether Fastify stands between forwarding and the client. It writes names of fields in lower case and repeated ones side by
   * side, takes the reason from the status (RFC 9112 §4 lets a client ignore it), and knows neither 1xx nor trailers.
   */
  readonly throughFastify: boolean;
  /** Whether exchanges pass the hooks of an extension; body hooks of policies do not see them then. */
  readonly extended: boolean;
  /** Header lines of an answer in a form that can be compared on such a route. */
  comparable(lines: readonly string[]): string[];
  /** Files that must lie beside the configuration. */
  readonly files: Readonly<Record<string, string>>;
  /** `routes:` with one route, and further keys of it: `kind.routes('/db', 3001, 'strip: false')`. */
  routes(key: string, to: number | string, ...keys: string[]): string;
}

const plain: RouteKind = {
  kind: 'a plain route',
  lane: 'wire',
  throughFastify: false,
  extended: false,
  comparable: (lines) => [...lines],
  files: {},
  routes: (key, to, ...keys) => `routes:\n  ${key}: { ${[`to: ${to}`, ...keys].join(', ')} }\n`,
};

const general: RouteKind = {
  ...plain,
  kind: 'a plain route in the general lane',
  lane: 'general',
  routes: (key, to, ...keys) => plain.routes(key, to, 'lane: general', ...keys),
};

/** Its hooks see no bodies of answers: behind the hooks it is carried like a plain route. */
const hooked: RouteKind = {
  ...general,
  kind: 'a route with a hook before the service',
  extended: true,
  files: { 'extension.ts': 'export default { preHandler: (_request, _reply, done) => done() };\n' },
  routes: (key, to, ...keys) => plain.routes(key, to, 'extend: ./extension.ts', ...keys),
};

const extended: RouteKind = {
  ...hooked,
  kind: 'a route extended in code',
  throughFastify: true,
  comparable: (lines) => lines.map(lowerName).sort(byName),
  files: {
    'extension.ts':
      'export default { replyOptions: { onResponse: (_request, reply, { stream }) => reply.send(stream) } };\n',
  },
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

/** For `describe.each` of behaviour before or behind the lanes, where the lane does not matter. */
export const routeKinds: readonly RouteKind[] = [plain, extended];

/** For `describe.each` of behaviour that concerns the messages themselves: the conformance suite of the lanes. */
export const laneKinds: readonly RouteKind[] = [plain, general, hooked, extended];
