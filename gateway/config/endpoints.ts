/** The endpoints of one route. */

import { endpointOf, socketsOf } from './endpoint.ts';
import type { GatewayHosts } from './gateway-hosts.ts';
import type { EndpointAddress, EndpointConfig } from './model.ts';
import { nodeAt, type PathKey, type SourceDocument, shownPath } from './source.ts';
import type { Target } from './target.ts';

export interface EndpointsContext {
  readonly document: SourceDocument;
  readonly hosts: GatewayHosts;
}

/** An endpoint that is there twice would silently get twice the requests: that is a problem of the document. */
export function compileEndpoints(
  to: Target | readonly Target[],
  routePath: readonly PathKey[],
  context: EndpointsContext,
): readonly EndpointConfig[] {
  if ('kind' in to) return [plain(endpointOf(to, context.hosts))];
  const endpoints = to.map((target) => endpointOf(target, context.hosts));
  const firstWith = new Map<string, number>();
  for (const [index, endpoint] of endpoints.entries()) {
    const sockets = socketsOf(endpoint);
    const twin = sockets.map((socket) => firstWith.get(socket)).find((first) => first !== undefined);
    if (twin !== undefined) reportTwin(index, twin, routePath, context.document);
    for (const socket of sockets) if (!firstWith.has(socket)) firstWith.set(socket, index);
  }
  return endpoints.map(plain);
}

function plain(address: EndpointAddress): EndpointConfig {
  return { address, weight: 1, backup: false };
}

/** Where the endpoint of that index is written, in the short form and in the long one. */
export function targetPath(
  document: SourceDocument,
  routePath: readonly PathKey[],
  index: number,
): readonly PathKey[] {
  const isLong = nodeAt(document.root, routePath)?.kind === 'map';
  const list = isLong ? [...routePath, 'to'] : routePath;
  return nodeAt(document.root, list)?.kind === 'list' ? [...list, index] : list;
}

function reportTwin(
  index: number,
  twin: number,
  routePath: readonly PathKey[],
  document: SourceDocument,
): void {
  const path = targetPath(document, routePath, index);
  const written = (at: number) => writtenAt(document, targetPath(document, routePath, at));
  document.problems.add(nodeAt(document.root, path)!.span, shownPath(document.root, path), {
    expected: 'every endpoint once',
    found: `${written(index)} again`,
    hint: `${written(twin)} is the same endpoint`,
  });
}

function writtenAt(document: SourceDocument, path: readonly PathKey[]): string {
  const node = nodeAt(document.root, path);
  return node?.kind === 'scalar' ? String(node.value) : '';
}
