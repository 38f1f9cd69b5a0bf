/** Which certificates of services are accepted: the files that `tls:` of a route names, and routes where anything is. */

import { X509Certificate } from 'node:crypto';
import { readContent } from '../files/content.ts';
import type { EndpointConfig, GatewayConfig, RouteConfig } from '../model/config.ts';
import type { Fault } from './problem-list.ts';
import type { PlacedRoute } from './routes.ts';
import { reportValue, type SourceDocument } from './source-document.ts';

/** PEM, by the path of its file. */
type ServiceAuthorities = ReadonlyMap<string, string>;

/** Reads each file once, however many routes name it; faults go to the document's problems. Never throws. */
export async function readServiceAuthorities(
  placed: readonly PlacedRoute[],
  document: SourceDocument,
): Promise<ServiceAuthorities> {
  const read = new Map<string, string | Fault>();
  for (const { route, path } of placed) {
    const caFile = caFileOf(route);
    if (caFile === null) continue;
    const found = read.get(caFile) ?? (await readAuthorities(caFile));
    read.set(caFile, found);
    if (typeof found !== 'string') reportValue(document, [...path, 'tls', 'ca'], found);
  }
  return new Map([...read].filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The configuration with the content of those files. */
export function withAuthorities(config: GatewayConfig, known: ServiceAuthorities): GatewayConfig {
  return known.size === 0
    ? config
    : { ...config, routes: config.routes.map((route) => filled(route, known)) };
}

function filled(route: RouteConfig, known: ServiceAuthorities): RouteConfig {
  const ca = known.get(caFileOf(route) ?? '');
  if (ca === undefined) return route;
  const fill = (one: EndpointConfig): EndpointConfig => {
    const { address } = one;
    if (address.kind === 'unix' || !address.trust) return one;
    return { ...one, address: { ...address, trust: { ...address.trust, ca } } };
  };
  const { endpoints, canary, fallback } = route.upstream;
  const canaryFilled = canary && { ...canary, endpoints: canary.endpoints.map(fill) };
  return {
    ...route,
    upstream: {
      ...route.upstream,
      endpoints: endpoints.map(fill),
      canary: canaryFilled,
      ...(fallback && { fallback: fill(fallback) }),
    },
  };
}

/** The trust is the same for all endpoints of a route. */
export function trustOf({ upstream: { endpoints, canary, fallback } }: RouteConfig) {
  for (const { address } of [...endpoints, ...(canary?.endpoints ?? []), ...(fallback ? [fallback] : [])])
    if (address.kind !== 'unix' && address.trust) return address.trust;
  return null;
}

function caFileOf(route: RouteConfig): string | null {
  return trustOf(route)?.caFile ?? null;
}

const AUTHORITIES = 'certificates of authorities in PEM';

async function readAuthorities(file: string): Promise<string | Fault> {
  const content = await readContent(file);
  const fault = (found: string, hint: string): Fault => ({ expected: AUTHORITIES, found, hint });
  if (!content.ok) return fault(content.found, 'the path begins in the folder of the configuration');
  try {
    new X509Certificate(content.text);
    return content.text;
  } catch {
    return fault('no certificate', 'a PEM file has a line -----BEGIN CERTIFICATE-----');
  }
}
