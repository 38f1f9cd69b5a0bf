/** The objects of a cluster that concern routing: Gateways of one class, and what they refer to. */

import type { ClusterObject } from '../model/labels.ts';
import type { ApiObject } from './kubernetes-api.ts';

/** The kinds that are followed, and where the API server has them. */
export const RESOURCES = [
  { kind: 'GatewayClass', group: 'gateway.networking.k8s.io/v1', plural: 'gatewayclasses' },
  { kind: 'Gateway', group: 'gateway.networking.k8s.io/v1', plural: 'gateways' },
  { kind: 'HTTPRoute', group: 'gateway.networking.k8s.io/v1', plural: 'httproutes' },
  { kind: 'ReferenceGrant', group: 'gateway.networking.k8s.io/v1beta1', plural: 'referencegrants' },
  { kind: 'Namespace', group: 'v1', plural: 'namespaces' },
  { kind: 'Service', group: 'v1', plural: 'services' },
  { kind: 'EndpointSlice', group: 'discovery.k8s.io/v1', plural: 'endpointslices' },
] as const;

export type Resource = (typeof RESOURCES)[number];

export function pathOf({ group, plural }: Resource, namespace: string | null): string {
  const root = group === 'v1' ? '/api/v1' : `/apis/${group}`;
  return namespace === null
    ? `${root}/${plural}`
    : `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

/** An object without irrelevant parts that change, such as managed fields. */
export interface Known {
  readonly kind: Resource['kind'];
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** The relevant part. */
  readonly object: Spec;
  /** As it stands there; written by many. */
  readonly status: ApiObject;
}

/** Read by `config/gateway-api/`, which reports its faults. */
type Spec = ApiObject & { readonly spec: ApiObject };

/** `null` for a malformed object. */
export function knownOf({ kind, group }: Resource, object: ApiObject): Known | null {
  const metadata = mapOf(object.metadata);
  const {
    name,
    namespace = '',
    resourceVersion = '',
    generation = 0,
    labels = {},
    creationTimestamp,
  } = metadata;
  if (typeof name !== 'string' || typeof namespace !== 'string') return null;
  const { endpoints, ports } = object;
  const service = mapOf(labels)[SERVICE_NAME];
  // By its labels a listener chooses a namespace; of all else they mean nothing.
  const keptLabels = kind === 'Namespace' ? labels : service && { [SERVICE_NAME]: service };
  const kept = {
    apiVersion: group,
    kind,
    metadata: {
      name,
      namespace,
      creationTimestamp,
      ...(keptLabels ? { labels: keptLabels } : {}),
    },
    ...(kind === 'EndpointSlice' ? { endpoints, ports } : {}),
    spec: mapOf(object.spec),
  };
  return {
    ...{ kind, name, namespace, generation: Number(generation), resourceVersion: String(resourceVersion) },
    object: kept,
    status: mapOf(object.status),
  };
}

/** The label of an EndpointSlice that names its Service. */
export const SERVICE_NAME = 'kubernetes.io/service-name';

export function keyOf({ namespace, name }: Pick<Known, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

/** Objects of one kind, by namespace and name. */
export type Cluster = ReadonlyMap<Resource['kind'], ReadonlyMap<string, Known>>;

export function gatewaysOf(cluster: Cluster, gatewayClass: string): readonly Known[] {
  const all = [...(cluster.get('Gateway')?.values() ?? [])];
  return all.filter(({ object }) => object.spec.gatewayClassName === gatewayClass);
}

/** The routes that name a Gateway of this class. */
export function routesOf(cluster: Cluster, gatewayClass: string): readonly Known[] {
  const all = [...(cluster.get('HTTPRoute')?.values() ?? [])];
  return all.filter((route) => parentsOf(route, cluster, gatewayClass).length > 0);
}

/** Those of its `parentRefs` that are Gateways of this class. */
export function parentsOf(route: Known, cluster: Cluster, gatewayClass: string): readonly ApiObject[] {
  return listOf(route.object.spec.parentRefs).filter((parent) => {
    const { kind = 'Gateway', namespace = route.namespace, name } = parent;
    const gateway = cluster.get('Gateway')?.get(`${namespace}/${name}`);
    return kind === 'Gateway' && gateway?.object.spec.gatewayClassName === gatewayClass;
  });
}

/** The objects of the configuration, by name: changes of others do not affect it. */
export function objectsFor(cluster: Cluster, gatewayClass: string): readonly ClusterObject[] {
  const routes = routesOf(cluster, gatewayClass);
  const services = new Set(routes.flatMap(backendsOf).map(keyOf));
  const namespaces = new Set(routes.map(({ namespace }) => namespace));
  const of = (kind: Resource['kind']) => [...(cluster.get(kind)?.values() ?? [])];
  const chosen = [
    ...gatewaysOf(cluster, gatewayClass),
    ...routes,
    ...of('ReferenceGrant'),
    ...of('Namespace').filter(({ name }) => namespaces.has(name)),
    ...of('Service').filter((service) => services.has(keyOf(service))),
  ];
  return chosen
    .map(({ kind, namespace, name, object }) => ({ name: `${kind} ${namespace}/${name}`, object }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A port of a Service that a route leads to. */
export interface Backend {
  readonly namespace: string;
  readonly name: string;
  readonly port: unknown;
}

/** Copies of requests go to Services, too. */
export function backendsOf({ namespace, object }: Known): Backend[] {
  const refs = listOf(object.spec.rules).flatMap(({ backendRefs, filters }) => [
    ...listOf(backendRefs),
    ...listOf(filters).map(({ requestMirror }) => mapOf(mapOf(requestMirror).backendRef)),
  ]);
  return refs.map((ref) => ({
    namespace: String(ref.namespace ?? namespace),
    name: String(ref.name),
    port: ref.port,
  }));
}

/** Objects are unchecked: a value of another shape counts as absent. */
export function mapOf(value: unknown): ApiObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ApiObject) : {};
}

export function listOf(value: unknown): readonly ApiObject[] {
  return Array.isArray(value) ? value.map(mapOf) : [];
}
