/** The two ways in which a route is carried. What a client or a service sees must not depend on it. */
export interface RouteKind {
  readonly kind: string;
  /** Files that must lie beside the configuration. */
  readonly files: Readonly<Record<string, string>>;
  /** `routes:` with one route, and further keys of it: `kind.routes('/db', 3001, 'strip: false')`. */
  routes(key: string, to: number | string, ...keys: string[]): string;
}

const plain: RouteKind = {
  kind: 'a plain route',
  files: {},
  routes: (key, to, ...keys) => `routes:\n  ${key}: { ${[`to: ${to}`, ...keys].join(', ')} }\n`,
};

const extended: RouteKind = {
  kind: 'a route extended in code',
  files: { 'extension.ts': 'export default {};\n' },
  routes: (key, to, ...keys) => plain.routes(key, to, 'extend: ./extension.ts', ...keys),
};

/** For `describe.each`. */
export const routeKinds: readonly RouteKind[] = [plain, extended];
