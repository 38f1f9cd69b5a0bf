/** Targets that are the gateway itself: every request would come back until the loop is noticed. */

import type { EndpointAddress, EndpointConfig } from '../model/config.ts';
import { listPath, targetPath } from './endpoints.ts';
import { knownAddresses, type Listening, serves } from './listening.ts';
import type { PlacedRoute } from './routes.ts';
import type { PathKey } from './source.ts';
import { reportValue, type SourceDocument } from './source-document.ts';

export function reportSelfTargets(
  placed: readonly PlacedRoute[],
  listening: readonly Listening[],
  document: SourceDocument,
): void {
  for (const { route, path } of placed) {
    const { endpoints, canary } = route.upstream;
    for (const [index, self] of selvesAmong(endpoints, listening))
      reportSelf(self, targetPath(document, listPath(document, path), index), document);
    for (const [index, self] of selvesAmong(canary?.endpoints ?? [], listening))
      reportSelf(self, targetPath(document, [...path, 'canary', 'to'], index), document);
  }
}

function selvesAmong(
  endpoints: readonly EndpointConfig[],
  listening: readonly Listening[],
): [index: number, self: Listening][] {
  const found: [number, Listening][] = [];
  for (const [index, { address }] of endpoints.entries()) {
    const self = listening.find((listener) => reaches(address, listener));
    if (self !== undefined) found.push([index, self]);
  }
  return found;
}

function reaches(endpoint: EndpointAddress, listener: Listening): boolean {
  if (endpoint.kind !== 'tcp' || endpoint.port !== listener.port) return false;
  return knownAddresses(endpoint.host, endpoint.addresses).some((address) => serves(listener, address));
}

function reportSelf({ what, port }: Listening, path: readonly PathKey[], document: SourceDocument): void {
  reportValue(document, path, {
    expected: 'the address of a service',
    found: `port ${port}, where ${what} itself listens`,
    hint: 'write the port that the service listens on',
  });
}
