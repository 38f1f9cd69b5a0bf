import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { KubernetesDiscovery, PlacedService } from '../model/config.ts';
import type { ClusterObject, Origin, UnservedOrigin } from '../model/labels.ts';
import { ApiError, type ApiEvent, KubernetesApi, OBJECTS_MAX } from './kubernetes-api.ts';
import {
  type Known,
  keyOf,
  knownOf,
  objectsFor,
  pathOf,
  RESOURCES,
  type Resource,
} from './kubernetes-objects.ts';
import { ServicePlaces } from './kubernetes-places.ts';
import { RouteStatuses } from './kubernetes-status.ts';

/**
 * Lists and watches the objects of a cluster that concern routing. The list is the truth; a watch updates it from the list's version on. A
 * version that the server has forgotten (410) needs a new list. Any other failure ends `ask`, and its caller starts again later.
 */
export class KubernetesSource {
  readonly #settings: KubernetesDiscovery;
  readonly #api: KubernetesApi;
  readonly #statuses: RouteStatuses;
  readonly #cluster = new Map<Resource['kind'], Map<string, Known>>();
  readonly #places = new ServicePlaces();
  /** The last objects. */
  #objects: readonly ClusterObject[] | null = null;
  // What has changed since they were handed out.
  #objectsChanged = true;
  #podsChanged = true;
  #statusesChanged = true;
  #changed: () => void = () => {};

  constructor(settings: KubernetesDiscovery, log: Logger | null) {
    this.#settings = settings;
    this.#api = new KubernetesApi(settings);
    this.#statuses = new RouteStatuses(settings, this.#api, log);
  }

  /** The current objects. @throws ApiError */
  async now(signal: AbortSignal): Promise<readonly ClusterObject[]> {
    await Promise.all(RESOURCES.map((resource) => this.#list(resource, signal)));
    return objectsFor(this.#cluster, this.#settings.gatewayClass);
  }

  /**
   * @param take called with the objects and the addresses of their pods, at first and after changes. @throws ApiError when it becomes
   * unavailable
   */
  async ask(
    take: (objects: readonly ClusterObject[], services: readonly PlacedService[]) => void,
    signal: AbortSignal,
  ): Promise<never> {
    const ended = new AbortController();
    const both = AbortSignal.any([signal, ended.signal]);
    try {
      const versions = await Promise.all(RESOURCES.map((resource) => this.#list(resource, both)));
      this.#objectsChanged = true;
      this.#statusesChanged = true;
      let wake = Promise.withResolvers<void>();
      this.#changed = () => wake.resolve();
      const broken = Promise.all(
        RESOURCES.map((resource, at) => this.#follow(resource, versions[at]!, both)),
      );
      for (;;) {
        wake = Promise.withResolvers();
        const before = this.#objects;
        const statusesDue = this.#statusesChanged;
        this.#statusesChanged = false;
        if (this.#objectsChanged || this.#podsChanged) take(...this.#current());
        // New objects have not been validated yet.
        if (statusesDue && (this.#objects === before || before === null))
          void this.#statuses.write(this.#cluster, signal);
        await Promise.race([wake.promise, broken]);
        // A rollout is a burst of events.
        await Promise.race([sleep(SETTLE_MS, undefined, { ref: false }), broken]);
      }
    } finally {
      ended.abort();
    }
  }

  #current(): [readonly ClusterObject[], readonly PlacedService[]] {
    const { gatewayClass } = this.#settings;
    if (this.#objectsChanged) {
      const objects = objectsFor(this.#cluster, gatewayClass);
      if (!isDeepStrictEqual(objects, this.#objects)) this.#objects = objects;
      this.#places.follow(this.#cluster, gatewayClass);
    }
    this.#objectsChanged = false;
    this.#podsChanged = false;
    return [this.#objects!, this.#places.of(this.#cluster)];
  }

  /** Called with the result of validating these objects. */
  validated(
    origins: readonly Origin[],
    unserved: readonly UnservedOrigin[],
    attached: ReadonlyMap<string, number>,
    signal: AbortSignal,
  ): void {
    this.#statuses.validated(origins, unserved, attached);
    void this.#statuses.write(this.#cluster, signal);
  }

  /** @returns the version of the list */
  async #list(resource: Resource, signal: AbortSignal): Promise<string> {
    const { items, resourceVersion } = this.#isElsewhere(resource)
      ? NOTHING
      : await this.#api.list(this.#pathOf(resource), signal).catch((cause: ApiError) => {
          if (SPARED[resource.kind]?.includes(cause.status)) return NOTHING;
          throw cause;
        });
    const before = this.#cluster.get(resource.kind);
    const all = new Map<string, Known>();
    for (const [at, item] of items.entries()) {
      if (at % ITEMS_PER_TURN === ITEMS_PER_TURN - 1) await nextTurn();
      const known = knownOf(resource, item);
      if (known) all.set(keyOf(known), keepingObject(known, before));
    }
    this.#cluster.set(resource.kind, all);
    const isSame = all.size === before?.size && all.values().every((each) => isKnown(each, before));
    this.#happened(resource, !isSame);
    return resourceVersion;
  }

  /** They are of the whole cluster: an account of one namespace may not look at them. */
  #isElsewhere({ kind }: Resource): boolean {
    return (kind === 'GatewayClass' || kind === 'Namespace') && this.#settings.namespace !== null;
  }

  /** @throws ApiError */
  async #follow(resource: Resource, listed: string, signal: AbortSignal): Promise<never> {
    let version = listed;
    let forgotten = 0;
    for (let listedAt = performance.now(); ; ) {
      const isOld = performance.now() - listedAt > RESYNC_MS;
      const began = performance.now();
      const known = version === '' || isOld ? null : await this.#watch(resource, version, signal);
      if (known !== null) version = known;
      else {
        if (performance.now() - began > STABLE_MS) forgotten = 0;
        // A server that forgets at once is asked less and less often: a list costs it more than a watch.
        const delayMs = Math.min(RELIST_MS * 2 ** forgotten++, LONGEST_RELIST_MS) * (1 + Math.random() / 2);
        await sleep(version === '' ? RESYNC_MS : delayMs, undefined, { ref: false, signal });
        version = await this.#list(resource, signal);
        listedAt = performance.now();
      }
    }
  }

  /** @returns the version up to which all is known; `null`: the server has forgotten where this began. @throws ApiError */
  async #watch(resource: Resource, from: string, signal: AbortSignal): Promise<string | null> {
    let version = from;
    const began = performance.now();
    try {
      for await (const event of this.#api.watch(this.#pathOf(resource), from, signal))
        version = this.#take(resource, event) ?? version;
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === GONE) return null;
      throw cause;
    }
    // One that ends watches at once would be asked in a circle.
    const shortMs = RELIST_MS - (performance.now() - began);
    if (shortMs > 0) await sleep(shortMs, undefined, { ref: false, signal });
    return version;
  }

  /** @returns the version that it brings, if any */
  #take(resource: Resource, { type, object }: ApiEvent): string | null {
    const known = knownOf(
      resource,
      type === 'BOOKMARK' ? { metadata: { name: '', ...(object.metadata as object) } } : object,
    );
    if (known === null) return null;
    // Without a version it would count as a kind that this cluster does not know.
    const version = known.resourceVersion || null;
    if (type === 'BOOKMARK') return version;
    const all = this.#cluster.get(resource.kind)!;
    const kept = keepingObject(known, all);
    const isSame = type === 'DELETED' ? !all.has(keyOf(known)) : isKnown(kept, all);
    if (type === 'DELETED') all.delete(keyOf(known));
    else all.set(keyOf(known), kept);
    if (all.size > OBJECTS_MAX)
      throw new ApiError(`there are more than ${OBJECTS_MAX} objects of the kind ${resource.kind}`);
    this.#happened(resource, !isSame);
    return version;
  }

  /** @param objectChanged whether more than a status has changed: each gateway of the class writes those of all routes */
  #happened({ kind }: Resource, objectChanged: boolean): void {
    if (kind === 'EndpointSlice') this.#podsChanged ||= objectChanged;
    else {
      this.#objectsChanged ||= objectChanged;
      this.#statusesChanged = true;
    }
    this.#changed();
  }

  #pathOf(resource: Resource): string {
    return pathOf(resource, this.#settings.namespace);
  }
}

/** With the very object of before, where it is equal: comparisons of thousands of them are then cheap. */
function keepingObject(known: Known, before: ReadonlyMap<string, Known> | undefined): Known {
  const object = before?.get(keyOf(known))?.object;
  return isDeepStrictEqual(object, known.object) ? { ...known, object: object! } : known;
}

function isKnown(known: Known, before: ReadonlyMap<string, Known>): boolean {
  return before.get(keyOf(known))?.object === known.object;
}

/** Of a list, which is some milliseconds of work. */
const ITEMS_PER_TURN = 500;
const NOTHING = { items: [], resourceVersion: '' };
/** Not every cluster knows every kind, nor lets everybody see it: with these answers there is nothing of it. */
const SPARED: Readonly<Partial<Record<Resource['kind'], readonly number[]>>> = {
  ReferenceGrant: [404],
  GatewayClass: [403, 404],
  // Then a listener can choose namespaces by their names alone.
  Namespace: [403],
};

const SETTLE_MS = 100;
/** Between two lists of one kind, at least. */
const RELIST_MS = 1_000;
const LONGEST_RELIST_MS = 60_000;
/** A watch that lasted for so long was a good one. */
const STABLE_MS = 30_000;
const RESYNC_MS = 30 * 60_000;
const GONE = 410;
