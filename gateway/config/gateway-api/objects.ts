/** Objects of Kubernetes' Gateway API (https://gateway-api.sigs.k8s.io, v1) as they stand in a file, several of them between lines of `---`. */

import type { ProblemList } from '../problem-list.ts';
import type { SourceMap, SourceNode } from '../source.ts';
import { nearestHint, ObjectReader } from './object-reader.ts';

/** The supported kinds; others in the file are problems, except those that have nothing to do with routes. */
const KINDS = ['HTTPRoute', 'Gateway', 'ReferenceGrant', 'Namespace', 'Service', 'EndpointSlice'] as const;
export type Kind = (typeof KINDS)[number];

/** They stand beside routes in the files that people have. */
const WITHOUT_MEANING = ['GatewayClass', 'Deployment', 'Secret', 'ConfigMap', 'ServiceAccount'];

export interface KubernetesObject {
  readonly kind: Kind;
  readonly name: string;
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
  /** Orders objects that claim the same; empty where the file does not say. */
  readonly createdAt: string;
  readonly node: SourceMap;
  /** The whole object. */
  readonly fields: ObjectReader;
}

/** Reports invalid objects and leaves them out. */
export function objectsOf(documents: readonly SourceNode[], problems: ProblemList): KubernetesObject[] {
  return documents.flatMap(itemsOf).flatMap((node) => objectOf(node, problems) ?? []);
}

/** `kind: List` holds objects in `items`, as `kubectl get -o yaml` prints them. */
function itemsOf(node: SourceNode): readonly SourceNode[] {
  if (node.kind !== 'map') return node.kind === 'scalar' && node.value === null ? [] : [node];
  const items = node.entries.get('items')?.value;
  return items?.kind === 'list' ? items.items : [node];
}

function objectOf(node: SourceNode, problems: ProblemList): KubernetesObject | null {
  const fields = new ObjectReader(node, [], problems);
  const kind = fields.text('kind');
  if (node.kind !== 'map' || kind === null)
    return fields.missing('kind', 'the kind of an object, like HTTPRoute');
  if (WITHOUT_MEANING.includes(kind)) return null;
  if (!isKind(kind)) {
    return fields.fault('kind', {
      expected: `one of ${KINDS.join(', ')}`,
      found: kind,
      hint: nearestHint(kind, KINDS) ?? 'take it out, or put it into another file',
    });
  }
  const metadata = fields.map('metadata');
  const name = metadata?.text('name');
  if (!metadata || !name) return fields.missing('metadata', 'metadata with a name');
  return {
    ...{ kind, name, node, fields },
    namespace: metadata.text('namespace') ?? 'default',
    labels: new Map(metadata.map('labels')?.texts()),
    createdAt: metadata.text('creationTimestamp') ?? '',
  };
}

function isKind(kind: string): kind is Kind {
  return (KINDS as readonly string[]).includes(kind);
}
