import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { KubernetesDiscovery } from '../model/config.ts';
import type { Origin, UnservedOrigin } from '../model/labels.ts';
import { addressesOf, statusOfGateway } from './gateway-status.ts';
import type { ApiError, ApiObject, KubernetesApi } from './kubernetes-api.ts';
import { type Condition, datedAs } from './kubernetes-conditions.ts';
import {
  type Cluster,
  gatewaysOf,
  type Known,
  listOf,
  parentsOf,
  pathOf,
  RESOURCES,
  routesOf,
} from './kubernetes-objects.ts';

/** Of us, in `status.parents`: others write theirs beside it. */
const CONTROLLER = 'portway.dev/gateway-controller';

const ACCEPTED: Condition = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' };

/**
 * Writes the state of each route, Gateway and class into its status. Every gateway writes the same, and only what differs, so that no
 * leader is needed; of two simultaneous writers one gets a conflict, and finds at the next event that nothing is left to do.
 */
export class RouteStatuses {
  readonly #settings: KubernetesDiscovery;
  readonly #api: KubernetesApi;
  readonly #log: Logger | null;
  /** Validated objects by name, with their faults. */
  #validated = new Map<string, unknown>();
  #unserved: readonly UnservedOrigin[] = [];
  #attached: ReadonlyMap<string, number> = new Map();
  /** Not until something is validated again. */
  #refused = false;
  #reported = false;
  /** How often the status of a route was written since something was validated: one that another always overwrites is left to it. */
  #written = new Map<string, number>();
  /** The statuses of Gateways that we wrote, by name: a replica with another view of routes may write another one for a short time. */
  #settled = new Map<string, unknown>();
  #writing = false;
  #again = false;

  constructor(settings: KubernetesDiscovery, api: KubernetesApi, log: Logger | null) {
    this.#settings = settings;
    this.#api = api;
    this.#log = log;
  }

  validated(
    origins: readonly Origin[],
    unserved: readonly UnservedOrigin[],
    attached: ReadonlyMap<string, number>,
  ): void {
    this.#validated = new Map(
      origins.flatMap((each) => ('object' in each ? [[each.name, each.object]] : [])),
    );
    this.#unserved = unserved;
    this.#attached = attached;
    this.#refused = false;
    this.#written.clear();
  }

  /** One write at a time; events meanwhile are handled after it. */
  async write(cluster: Cluster, signal: AbortSignal): Promise<void> {
    this.#again = true;
    if (this.#writing || !this.#settings.status) return;
    this.#writing = true;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      await this.#write(cluster, signal).catch((cause: Error) => this.#fail(cause.message));
    }
    this.#writing = false;
  }

  async #write(cluster: Cluster, signal: AbortSignal): Promise<void> {
    const faultsOf = Map.groupBy(this.#unserved, ({ origin }) => origin);
    for (const [at, route] of routesOf(cluster, this.#settings.gatewayClass).entries()) {
      if (at % ROUTES_PER_TURN === ROUTES_PER_TURN - 1) await nextTurn();
      if (signal.aborted || this.#refused) return;
      const name = `HTTPRoute ${route.namespace}/${route.name}`;
      // Changed objects are validated first.
      if (!isDeepStrictEqual(this.#validated.get(name), route.object)) continue;
      const refs = parentsOf(route, cluster, this.#settings.gatewayClass);
      const parents = parentsFor(route, refs, faultsOf.get(name) ?? []);
      if (parents !== null) await this.#put(route, { parents }, signal);
    }
    const ours = cluster.get('GatewayClass')?.get(`/${this.#settings.gatewayClass}`);
    const conditions = ours && classConditions(ours);
    if (conditions) await this.#put(ours, { conditions }, signal);
    for (const gateway of gatewaysOf(cluster, this.#settings.gatewayClass)) {
      if (signal.aborted || this.#refused) return;
      await this.#writeGateway(gateway, cluster, signal);
    }
  }

  async #writeGateway(gateway: Known, cluster: Cluster, signal: AbortSignal): Promise<void> {
    const name = `Gateway ${gateway.namespace}/${gateway.name}`;
    if (!isDeepStrictEqual(this.#validated.get(name), gateway.object)) return;
    const addresses = addressesOf(cluster, this.#settings.service);
    const wanted = statusOfGateway(gateway, { attached: this.#attached, addresses });
    const { conditions, listeners } = gateway.status;
    const stands = { conditions, listeners, ...(addresses && { addresses: gateway.status.addresses }) };
    const meaning = undated(wanted);
    if (listeners !== undefined && isDeepStrictEqual(this.#settled.get(name), meaning)) return;
    if (isDeepStrictEqual(stands, wanted) || (await this.#put(gateway, wanted, signal)))
      this.#settled.set(name, meaning);
  }

  /** @returns whether it stands there now */
  async #put(object: Known, status: ApiObject, signal: AbortSignal): Promise<boolean> {
    const resource = RESOURCES.find(({ kind }) => kind === object.kind)!;
    const path = `${pathOf(resource, object.namespace || null)}/${encodeURIComponent(object.name)}`;
    const times = this.#written.get(path) ?? 0;
    // A Gateway needs no bound: its status is written only if our view has changed.
    if (times === WRITES_MAX && object.kind !== 'Gateway') return false;
    try {
      await this.#api.putStatus(path, object.resourceVersion, status, signal);
      this.#written.set(path, times + 1);
      return true;
    } catch (cause) {
      const { status, message } = cause as ApiError;
      // The object has changed or gone: the watch reports it.
      if (!signal.aborted && status !== 409 && status !== 404) this.#fail(message);
      return false;
    }
  }

  #fail(reason: string): void {
    this.#refused = true;
    if (this.#reported) return;
    this.#reported = true;
    this.#log?.warn({ reason }, 'a status can not be written; routes are served all the same');
  }
}

const WRITES_MAX = 3;
/** Compared with their statuses, which is some milliseconds of work. */
const ROUTES_PER_TURN = 200;

/** The status without transition times. */
function undated({ addresses, conditions, listeners }: ApiObject): unknown {
  const without = (dated: unknown) => listOf(dated).map(({ lastTransitionTime: _, ...rest }) => rest);
  const all = listOf(listeners).map((each) => ({ ...each, conditions: without(each.conditions) }));
  return { addresses, conditions: without(conditions), listeners: all };
}

/** `null`: it is accepted already, or another controller's. */
function classConditions({ status, generation, object }: Known): readonly ApiObject[] | null {
  if (object.spec.controllerName !== CONTROLLER) return null;
  const known = listOf(status.conditions);
  const accepted = known.find(({ type }) => type === ACCEPTED.type);
  const wanted = datedAs(ACCEPTED, status.conditions, generation);
  if (isDeepStrictEqual(accepted, wanted)) return null;
  return [...known.filter((each) => each !== accepted), wanted];
}

/** `null`: it stands there already. */
function parentsFor(
  { status, generation, object }: Known,
  ours: readonly ApiObject[],
  faults: readonly UnservedOrigin[],
): readonly ApiObject[] | null {
  const known = listOf(status.parents);
  const all = listOf(object.spec.parentRefs);
  const isOf = (refs: readonly ApiObject[], { parentRef }: ApiObject) =>
    refs.some((each) => isDeepStrictEqual(each, parentRef));
  // Parents of other classes belong to other controllers.
  const own = known.filter(
    (each) => each.controllerName === CONTROLLER && (isOf(ours, each) || !isOf(all, each)),
  );
  const wanted = ours.map((parentRef) => {
    const before = own.find((each) => isDeepStrictEqual(each.parentRef, parentRef));
    const conditions = conditionsOf(
      faults,
      all.findIndex((each) => isDeepStrictEqual(each, parentRef)),
    );
    const dated = conditions.map((condition) => datedAs(condition, before?.conditions, generation));
    return { parentRef, controllerName: CONTROLLER, conditions: dated };
  });
  if (isDeepStrictEqual(wanted, own)) return null;
  return [...known.filter((each) => !own.includes(each)), ...wanted];
}

/** @param at which of its parents */
function conditionsOf(faults: readonly UnservedOrigin[], at: number): readonly Condition[] {
  const of = (...keys: readonly string[]) => faults.find(({ path }) => keys.includes(path));
  const backend = of('backendRefs');
  const refused = of(`parentRefs[${at}]`, 'hostnames');
  const wrong = faults.find(({ path }) => !/^(?:backendRefs|hostnames|parentRefs\[\d+\])$/.test(path));
  return [
    accepted(wrong, refused),
    backend === undefined
      ? { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: '' }
      : {
          type: 'ResolvedRefs',
          status: 'False',
          reason: backendReason(backend.text),
          message: short(backend.text),
        },
  ];
}

function accepted(wrong: UnservedOrigin | undefined, refused: UnservedOrigin | undefined): Condition {
  const { type } = ACCEPTED;
  if (wrong) return { type, status: 'False', reason: 'UnsupportedValue', message: short(wrong.text) };
  if (!refused) return ACCEPTED;
  const reason =
    refused.path === 'hostnames'
      ? 'NoMatchingListenerHostname'
      : refused.text.includes('takes routes of the namespace')
        ? 'NotAllowedByListeners'
        : 'NoMatchingParent';
  return { type, status: 'False', reason, message: short(refused.text) };
}

function backendReason(text: string): string {
  if (text.includes('a ReferenceGrant')) return 'RefNotPermitted';
  return text.includes('expected a Service, got') ? 'InvalidKind' : 'BackendNotFound';
}

/** A condition's message has a bound. */
function short(text: string): string {
  return text.slice(0, 1024);
}
