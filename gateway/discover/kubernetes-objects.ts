/** The objects of a cluster that concern routing: Gateways of one class, and what they refer to. */

import { isIP } from 'node:net';
import type { PlacedService, Port } from '../model/config.ts';
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

const SERVICE_NAME = 'kubernetes.io/service-name';

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

/** Where the pods are of all Services that our routes lead to, in the order of their names. */
export function placesFor(cluster: Cluster, gatewayClass: string): readonly PlacedService[] {
  const backends = new Map<string, Backend>();
  for (const backend of routesOf(cluster, gatewayClass).flatMap(backendsOf))
    backends.set(`${keyOf(backend)}:${backend.port}`, backend);
  const slices = Map.groupBy(
    cluster.get('EndpointSlice')?.values() ?? [],
    ({ namespace, object }) => `${namespace}/${mapOf(mapOf(object.metadata).labels)[SERVICE_NAME]}`,
  );
  return Array.from(backends, ([name, backend]) => {
    const service = cluster.get('Service')?.get(keyOf(backend));
    const ports = listOf(service?.object.spec.ports);
    const portName = ports.find(({ port }) => port === backend.port)?.name ?? '';
    const pods = (slices.get(keyOf(backend)) ?? []).flatMap((slice) => podsIn(slice, portName, backend.port));
    const distinct = new Map(pods.map((pod) => [`${pod.address} ${pod.port}`, pod] as const));
    return { name, pods: [...distinct].sort(byName).map(([, pod]) => pod) };
  }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface Backend {
  readonly namespace: string;
  readonly name: string;
  readonly port: unknown;
}

/** Copies of requests go to Services, too. */
function backendsOf({ namespace, object }: Known): Backend[] {
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

/** Those that are ready. An address that is a name leads nowhere: a person with the right to write one could name this machine. */
function podsIn({ object }: Known, portName: unknown, servicePort: unknown): PlacedService['pods'][number][] {
  const ports = listOf(object.ports);
  const meant = ports.find(({ name }) => (name ?? '') === portName) ?? (ports.length === 1 ? ports[0] : null);
  const port = Number(meant?.port ?? servicePort) as Port;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return [];
  return listOf(object.endpoints)
    .filter(({ conditions }) => mapOf(conditions).ready !== false)
    .flatMap(({ addresses }) => (Array.isArray(addresses) ? (addresses as unknown[]) : []))
    .flatMap((address) => (typeof address === 'string' && isIP(address) > 0 ? [{ address, port }] : []));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** Objects are unchecked: a value of another shape counts as absent. */
export function mapOf(value: unknown): ApiObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ApiObject) : {};
}

export function listOf(value: unknown): readonly ApiObject[] {
  return Array.isArray(value) ? value.map(mapOf) : [];
}
