/** The endpoints of one route or stream. */

import type { Target } from '../keys/target.ts';
import type { EndpointConfig } from '../model/config.ts';
import { endpointOf, type Places, unplacedService } from './endpoint.ts';
import { nodeAt, type PathKey } from './source.ts';
import { reportValue, type SourceDocument } from './source-document.ts';
import type { CheckedEndpoint, CheckedTo } from './target-schema.ts';

/** Endpoints, and where the file lists them. */
export interface EndpointList {
  readonly endpoints: readonly EndpointConfig[];
  readonly path: readonly PathKey[];
}

export function compileEndpoints(to: CheckedTo, places: Places): readonly EndpointConfig[] {
  if (!Array.isArray(to)) return [compileEndpoint(to as Target | CheckedEndpoint, places)];
  return to.map((each: Target | CheckedEndpoint) => compileEndpoint(each, places));
}

function compileEndpoint(one: Target | CheckedEndpoint, places: Places): EndpointConfig {
  if ('kind' in one) return { address: endpointOf(one, places), weight: 1, backup: false };
  return { address: endpointOf(one.at, places), weight: one.weight ?? 1, backup: one.backup ?? false };
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

/** `service:db` where `services:` has no `db`, or one without a port; `auto` where no process is run. */
export function reportUnknownServices(
  list: EndpointList,
  { services }: Places,
  document: SourceDocument,
): void {
  for (const [index, { address }] of list.endpoints.entries()) {
    const name = unplacedService(address);
    if (name === null || services.has(name)) continue;
    const known = [...services.keys()];
    const hint = known.length === 0 ? 'no service has one' : `those that have one are ${known.join(', ')}`;
    reportValue(
      document,
      targetPath(document, list.path, index),
      name === ''
        ? { expected: 'a port', found: '"auto"', hint: 'beside it, `run` says which process gets the port' }
        : { expected: 'a service that has a port', found: JSON.stringify(address.key), hint },
    );
  }
}
