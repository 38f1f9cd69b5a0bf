/** The endpoints of one route or stream. */

import type { Target } from '../keys/target.ts';
import type { EndpointConfig } from '../model/config.ts';
import { endpointOf } from './endpoint.ts';
import type { GatewayHosts } from './gateway-hosts.ts';
import { nodeAt, type PathKey, type SourceDocument } from './source.ts';
import type { CheckedEndpoint, CheckedTo } from './target-schema.ts';

/** Endpoints, and where the file lists them. */
export interface EndpointList {
  readonly endpoints: readonly EndpointConfig[];
  readonly path: readonly PathKey[];
}

export function compileEndpoints(to: CheckedTo, hosts: GatewayHosts): readonly EndpointConfig[] {
  if (!Array.isArray(to)) return [compileEndpoint(to as Target | CheckedEndpoint, hosts)];
  return to.map((each: Target | CheckedEndpoint) => compileEndpoint(each, hosts));
}

function compileEndpoint(one: Target | CheckedEndpoint, hosts: GatewayHosts): EndpointConfig {
  if ('kind' in one) return { address: endpointOf(one, hosts), weight: 1, backup: false };
  return { address: endpointOf(one.at, hosts), weight: one.weight ?? 1, backup: one.backup ?? false };
}

/** Where the endpoints of a route or stream are listed: in the short form its value, in the long one its `to`. */
export function listPath(document: SourceDocument, path: readonly PathKey[]): readonly PathKey[] {
  return nodeAt(document.root, path)?.kind === 'map' ? [...path, 'to'] : path;
}

/** Where the target of that index in a list is written. */
export function targetPath(
  document: SourceDocument,
  list: readonly PathKey[],
  index: number,
): readonly PathKey[] {
  const path = nodeAt(document.root, list)?.kind === 'list' ? [...list, index] : list;
  return nodeAt(document.root, path)?.kind === 'map' ? [...path, 'at'] : path;
}
