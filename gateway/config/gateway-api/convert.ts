/** A file of Gateway API objects as the configuration that it means. */

import { listAt, mapAt, pairsAt, scalarAt } from '../nodes.ts';
import type { ProblemList } from '../problem-list.ts';
import type { SourceMap, SourceNode, SourceScalar, Span } from '../source.ts';
import { type Claim, claimOfListener, claimsOf } from './http-routes.ts';
import { type KubernetesObject, objectsOf } from './objects.ts';
import { References } from './references.ts';

/** Whether a text is such a file: it has an object of the group, alone or in a `kind: List`. */
export function isGatewayApi(text: string): boolean {
  return (IS_LIST.test(text) ? LISTED : ALONE).test(text);
}

const IS_LIST = /^kind:[ \t]*["']?List\b/m;
const LISTED = /^[ \t-]*apiVersion:[ \t]*["']?gateway\.networking\.k8s\.io\//m;
const ALONE = /^apiVersion:[ \t]*["']?gateway\.networking\.k8s\.io\//m;

/**
 * @param problems features without a counterpart in Portway: the file is refused
 * @param broken references that lead nowhere: the rest is served
 */
export function converted(
  documents: readonly SourceNode[],
  problems: ProblemList,
  broken: ProblemList,
): SourceNode {
  const references = new References(objectsOf(documents, problems));
  const span = documents[0]?.span ?? { start: 0, end: 0 };
  return mapAt(span, {
    port: portOf(references, problems),
    routes: routesFrom(references, broken, span),
  });
}

/** The routes of objects that come from a cluster: each Service that there is is among them, and the ports of listeners are those of our own Service. */
export function routesOfObjects(
  documents: readonly SourceNode[],
  problems: ProblemList,
  broken: ProblemList,
): { readonly routes: SourceMap; readonly attached: ReadonlyMap<string, number> } {
  const references = new References(objectsOf(documents, problems), true);
  const routes = routesFrom(references, broken, documents[0]?.span ?? { start: 0, end: 0 });
  return { routes, attached: references.attached };
}

function routesFrom(references: References, broken: ProblemList, span: Span): SourceMap {
  const claims = references
    .of('HTTPRoute')
    .toSorted(byAge)
    .flatMap((route) => claimsOf(route, references, broken));
  claims.push(...references.isolated().map(claimOfListener));
  return routesOf(
    withoutHidden(claims).sort((a, b) => b.hostRank - a.hostRank),
    span,
  );
}

/** Without those below the path of one that names the host more exactly: there the longer path would win. */
function withoutHidden(claims: readonly Claim[]): Claim[] {
  const ranks = new Map<string, number>();
  for (const { key, isOpen, hostRank } of claims)
    if (isOpen) ranks.set(key, Math.max(hostRank, ranks.get(key) ?? hostRank));
  return claims.filter(({ key, hostRank }) =>
    prefixesOf(key).every((each) => (ranks.get(each) ?? hostRank) <= hostRank),
  );
}

/** Of `example.com/a/b`: `example.com/`, `example.com/a`, and itself. */
function prefixesOf(key: string): string[] {
  const root = key.indexOf('/') + 1;
  const prefixes = [key, key.slice(0, root)];
  for (let at = key.indexOf('/', root); at !== -1; at = key.indexOf('/', at + 1))
    prefixes.push(key.slice(0, at));
  return prefixes;
}

/** The older one holds where two claim the same, then the one whose name comes first. */
function byAge(a: KubernetesObject, b: KubernetesObject): number {
  const [left, right] = [a, b].map(
    ({ createdAt, namespace, name }) => `${createdAt || '9999'} ${namespace}/${name}`,
  );
  return left! < right! ? -1 : left! > right! ? 1 : 0;
}

function routesOf(claims: readonly Claim[], span: Span): SourceMap {
  const byKey = new Map<string, Claim[]>();
  for (const claim of claims) {
    const known = byKey.get(claim.key);
    if (known === undefined) byKey.set(claim.key, [claim]);
    else if (known.every(({ condition }) => condition !== claim.condition)) known.push(claim);
  }
  return pairsAt(
    span,
    Array.from(byKey, ([key, [first, ...others]]) => {
      const { keySpan, route } = first!;
      const alternatives = listAt(route.span, [route, ...others.map((each) => each.route)]);
      return [scalarAt(keySpan, key), others.length === 0 ? route : alternatives] as const;
    }),
  );
}

/** Portway has one port for HTTP. */
function portOf(references: References, problems: ProblemList): SourceScalar | null {
  const listeners = references
    .of('Gateway')
    .flatMap((gateway) => gateway.fields.map('spec')?.list('listeners') ?? []);
  const ports: SourceScalar[] = [];
  for (const listener of listeners) {
    listener.knows('name', 'hostname', 'port', 'protocol', 'allowedRoutes', 'tls');
    if (listener.word('protocol', ['HTTP']) === null) continue;
    const port = listener.scalar('port');
    if (port === null) listener.missing('port', 'a port');
    else ports.push(port);
  }
  const other = ports.find(({ value }) => value !== ports[0]!.value);
  if (other !== undefined)
    problems.add(other.span, ['listeners'], {
      expected: `the port ${ports[0]!.value}`,
      found: String(other.value),
      hint: 'one process has one port for HTTP: start another one for this',
    });
  return ports[0] ?? null;
}
