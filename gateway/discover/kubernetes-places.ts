import { isIP } from 'node:net';
import type { PlacedService, Port } from '../model/config.ts';
import {
  type Backend,
  backendsOf,
  type Cluster,
  type Known,
  keyOf,
  listOf,
  mapOf,
  routesOf,
  SERVICE_NAME,
} from './kubernetes-objects.ts';

interface Placed {
  /** What it was computed from. */
  readonly service: Known['object'] | undefined;
  readonly slices: readonly Known['object'][];
  readonly place: PlacedService;
}

/** Where the pods are of all Services that our routes lead to. In a large cluster some pod always changes: the other Services are not computed again. */
export class ServicePlaces {
  #backends: readonly (readonly [name: string, backend: Backend])[] = [];
  #placed: ReadonlyMap<string, Placed> = new Map();

  /** Routes may have changed. */
  follow(cluster: Cluster, gatewayClass: string): void {
    const backends = new Map<string, Backend>();
    for (const backend of routesOf(cluster, gatewayClass).flatMap(backendsOf))
      backends.set(`${keyOf(backend)}:${backend.port}`, backend);
    this.#backends = [...backends].sort(byName);
  }

  /** In the order of their names. */
  of(cluster: Cluster): readonly PlacedService[] {
    const slices = slicesOf(cluster);
    const placed = this.#backends.map(([name, backend]) => {
      const service = cluster.get('Service')?.get(keyOf(backend))?.object;
      const before = this.#placed.get(name);
      const own = slices.get(keyOf(backend)) ?? [];
      return before && isOf(before, service, own) ? before : placedOf(name, backend, service, own);
    });
    this.#placed = new Map(placed.map((each) => [each.place.name, each]));
    return placed.map(({ place }) => place);
  }
}

function slicesOf(cluster: Cluster): ReadonlyMap<string, readonly Known['object'][]> {
  const slices = new Map<string, Known['object'][]>();
  for (const { namespace, object } of cluster.get('EndpointSlice')?.values() ?? []) {
    const key = `${namespace}/${mapOf(mapOf(object.metadata).labels)[SERVICE_NAME]}`;
    const known = slices.get(key);
    if (known) known.push(object);
    else slices.set(key, [object]);
  }
  return slices;
}

function isOf(placed: Placed, service: Placed['service'], slices: Placed['slices']): boolean {
  const { slices: known } = placed;
  return (
    placed.service === service &&
    known.length === slices.length &&
    known.every((each, at) => each === slices[at])
  );
}

function placedOf(
  name: string,
  { port }: Backend,
  service: Placed['service'],
  slices: Placed['slices'],
): Placed {
  const portName = listOf(service?.spec.ports).find((each) => each.port === port)?.name ?? '';
  const pods = slices.flatMap((slice) => podsIn(slice, portName, port));
  const distinct = new Map(pods.map((pod) => [`${pod.address} ${pod.port}`, pod] as const));
  return { service, slices, place: { name, pods: [...distinct].sort(byName).map(([, pod]) => pod) } };
}

/** Those that are ready. An address that is a name leads nowhere: a person with the right to write one could name this machine. */
function podsIn(
  { ports: given, endpoints }: Known['object'],
  portName: unknown,
  servicePort: unknown,
): PlacedService['pods'][number][] {
  const ports = listOf(given);
  const meant = ports.find(({ name }) => (name ?? '') === portName) ?? (ports.length === 1 ? ports[0] : null);
  const port = Number(meant?.port ?? servicePort) as Port;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return [];
  return listOf(endpoints)
    .filter(({ conditions }) => mapOf(conditions).ready !== false)
    .flatMap(({ addresses }) => (Array.isArray(addresses) ? (addresses as unknown[]) : []))
    .flatMap((address) => (typeof address === 'string' && isIP(address) > 0 ? [{ address, port }] : []));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
