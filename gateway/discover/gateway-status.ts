import type { ApiObject } from './kubernetes-api.ts';
import { type Condition, datedAs } from './kubernetes-conditions.ts';
import { type Cluster, type Known, listOf, mapOf } from './kubernetes-objects.ts';

/** Facts about a Gateway beside the object itself. */
export interface GatewayFacts {
  /** How many routes each of its listeners takes, by `NAMESPACE/GATEWAY/LISTENER`. */
  readonly attached: ReadonlyMap<string, number>;
  /** At which clients reach us; `null`: the configuration does not say. */
  readonly addresses: readonly ApiObject[] | null;
}

/** The status of a Gateway of our class. Conditions of other controllers stay. */
export function statusOfGateway(
  { namespace, name, object, status, generation }: Known,
  { attached, addresses }: GatewayFacts,
): ApiObject {
  const before = listOf(status.listeners);
  const all = listOf(object.spec.listeners).map((listener) => ({
    ...listeningOf(listener),
    name: listener.name,
  }));
  const listeners = all.map((each) => ({
    name: each.name,
    supportedKinds: each.spoken && each.takesOurs ? [HTTP_ROUTE] : [],
    attachedRoutes: attached.get(`${namespace}/${name}/${each.name}`) ?? 0,
    conditions: listenerConditions(each).map((condition) =>
      datedAs(condition, before.find((known) => known.name === each.name)?.conditions, generation),
    ),
  }));
  const wrong = all.filter(({ spoken, takesOurs }) => !spoken || !takesOurs).length;
  const own = gatewayConditions(wrong, all.length, listOf(object.spec.addresses).length, addresses);
  const known = listOf(status.conditions);
  return {
    ...(addresses !== null && { addresses }),
    conditions: [
      ...known.filter(({ type }) => own.every((each) => each.type !== type)),
      ...own.map((condition) => datedAs(condition, known, generation)),
    ],
    listeners,
  };
}

const HTTP_ROUTE = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' };

interface Listening {
  /** Whether we speak its protocol. */
  readonly spoken: boolean;
  /** Whether HTTPRoutes are among those that it takes, and whether others are. */
  readonly takesOurs: boolean;
  readonly takesOthers: boolean;
}

function listeningOf({ protocol, allowedRoutes }: ApiObject): Listening {
  const kinds = listOf(mapOf(allowedRoutes).kinds);
  const isOurs = ({ group = HTTP_ROUTE.group, kind }: ApiObject) =>
    kind === HTTP_ROUTE.kind && group === HTTP_ROUTE.group;
  return {
    spoken: protocol === 'HTTP' || protocol === 'HTTPS',
    takesOurs: kinds.length === 0 || kinds.some(isOurs),
    takesOthers: !kinds.every(isOurs),
  };
}

function listenerConditions({ spoken, takesOurs, takesOthers }: Listening): readonly Condition[] {
  return [
    spoken
      ? met('Accepted')
      : unmet('Accepted', 'UnsupportedProtocol', 'listeners of HTTP and HTTPS are served'),
    spoken && takesOurs ? met('Programmed') : unmet('Programmed', 'Invalid', 'no route is taken here'),
    takesOthers ? unmet('ResolvedRefs', 'InvalidRouteKinds', 'HTTPRoutes are served') : met('ResolvedRefs'),
    { type: 'Conflicted', status: 'False', reason: 'NoConflicts', message: '' },
  ];
}

function gatewayConditions(
  wrong: number,
  listeners: number,
  wanted: number,
  addresses: readonly ApiObject[] | null,
): readonly Condition[] {
  const some = wrong < listeners;
  const accepted: Condition =
    wrong === 0
      ? met('Accepted')
      : {
          ...{ type: 'Accepted', status: some ? 'True' : 'False', reason: 'ListenersNotValid' },
          message: `${wrong} of ${listeners} listeners are not served`,
        };
  if (!some) return [accepted, unmet('Programmed', 'Invalid', 'no listener is served')];
  if (addresses?.length === 0 || wanted > 0)
    return [accepted, unmet('Programmed', 'AddressNotAssigned', addressFault(wanted))];
  return [accepted, met('Programmed')];
}

function addressFault(wanted: number): string {
  return wanted > 0
    ? 'addresses are those of the Service before the gateway, and can not be asked for'
    : 'the Service before the gateway is not there, or has no address yet';
}

function met(type: string): Condition {
  return { type, status: 'True', reason: type, message: '' };
}

function unmet(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}

/** Those of the Service before us: of its load balancer where it is to have one, else its own. @param service `NAMESPACE/NAME` */
export function addressesOf(cluster: Cluster, service: string | null): readonly ApiObject[] | null {
  if (service === null) return null;
  const known = cluster.get('Service')?.get(service);
  if (known === undefined) return [];
  const { spec } = known.object;
  const balanced = listOf(mapOf(known.status.loadBalancer).ingress).flatMap(({ ip, hostname }) =>
    typeof ip === 'string' ? [address('IPAddress', ip)] : [address('Hostname', hostname)],
  );
  const own = spec.clusterIP === 'None' ? [] : [address('IPAddress', spec.clusterIP)];
  const all = spec.type === 'LoadBalancer' ? balanced : own;
  return all.filter(({ value }) => typeof value === 'string' && value !== '').slice(0, ADDRESSES_MAX);
}

function address(type: string, value: unknown): ApiObject {
  return { type, value };
}

/** Of a Gateway, as its schema has it. */
const ADDRESSES_MAX = 16;
