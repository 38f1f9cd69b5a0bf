/** Endpoints that can't stand together in a list, or not at this place. */

import { socketsOf } from './endpoint.ts';
import { type EndpointList, targetPath } from './endpoints.ts';
import { nodeAt, type PathKey } from './source.ts';
import { reportKey, reportValue, type SourceDocument } from './source-document.ts';

/**
 * An endpoint that is there twice would silently get twice the requests, and one that is its own canary all of them: both are problems
 * of the document.
 */
export function reportTwins(list: EndpointList, canary: EndpointList | null, document: SourceDocument): void {
  if (list.endpoints.length === 1 && canary === null) return;
  const firstWith = new Map<string, readonly PathKey[]>();
  for (const { endpoints, path } of canary === null ? [list] : [list, canary]) {
    for (const [index, { address }] of endpoints.entries()) {
      const place = targetPath(document, path, index);
      const sockets = socketsOf(address);
      const twin = sockets.map((socket) => firstWith.get(socket)).find((first) => first !== undefined);
      if (twin !== undefined) reportTwin(place, twin, document);
      for (const socket of sockets) if (!firstWith.has(socket)) firstWith.set(socket, place);
    }
  }
}

function reportTwin(again: readonly PathKey[], first: readonly PathKey[], document: SourceDocument): void {
  const isCanary = again.includes('canary') && !first.includes('canary');
  const written = writtenAt(document, first);
  reportValue(document, again, {
    expected: isCanary ? 'an endpoint that only the canary has' : 'every endpoint once',
    found: `${writtenAt(document, again)} again`,
    hint: isCanary ? `${written} in "to" is the same endpoint` : `${written} is the same endpoint`,
  });
}

/** Backups without a primary endpoint would never be used. */
export function reportNoPrimary({ endpoints, path }: EndpointList, document: SourceDocument): void {
  if (endpoints.some(({ backup }) => !backup)) return;
  reportKey(document, path, {
    expected: 'at least one endpoint that is no backup',
    found: endpoints.length === 1 ? 'a backup alone' : 'backups alone',
    hint: 'remove "backup" from those that serve every day',
  });
}

/** RFC 2782: the records of `_tcp` and of `_udp` are others. */
export function reportOtherProtocol(
  protocol: 'tcp' | 'udp',
  { endpoints, path }: EndpointList,
  document: SourceDocument,
): void {
  for (const [index, { address }] of endpoints.entries()) {
    if (address.kind !== 'srv' || address.name.includes(`._${protocol}.`)) continue;
    const place = targetPath(document, path, index);
    const { span } = nodeAt(document.root, place)!;
    if (address.cluster && document.lines.positionOf(span.start).origin?.startsWith('HTTPRoute ')) continue;
    reportValue(document, place, {
      expected: `a name of _${protocol}`,
      found: JSON.stringify(address.key),
      hint: address.cluster
        ? 'HTTPRoutes alone lead to Services of a cluster'
        : `${address.key.replace(/\._(?:tcp|udp)\./, `._${protocol}.`)}?`,
    });
  }
}

function writtenAt(document: SourceDocument, path: readonly PathKey[]): string {
  const node = nodeAt(document.root, path);
  return node?.kind === 'scalar' ? String(node.value) : '';
}
