/** References between the objects of a file: which routes a Gateway takes, and where a backend is. */

import { CLUSTER, CLUSTER_HTTP2 } from '../../keys/target.ts';
import { hostMatches } from '../../route/host-pattern.ts';
import type { Fault } from '../problem-list.ts';
import type { SourceNode, SourceScalar } from '../source.ts';
import type { ObjectReader } from './object-reader.ts';
import type { Kind, KubernetesObject } from './objects.ts';

const GROUP = 'gateway.networking.k8s.io';

export interface Listener {
  /** `NAMESPACE/GATEWAY/LISTENER`; `null`: there are no Gateways. */
  readonly name: string | null;
  readonly hostname: SourceScalar | null;
  readonly port: SourceScalar | null;
  /** Hostnames of narrower ones of the same Gateway and port, each of which has its hosts to itself. */
  readonly narrower: readonly string[];
}

/** Of one backend: where it listens, or why it can't be had. */
export type Backend =
  | { readonly ok: true; readonly targets: readonly string[]; readonly node: ObjectReader }
  | { readonly ok: false; readonly fault: Fault; readonly status: 500 | 503 };

/** @param at which of its parents it is */
type Refused = (parent: ObjectReader, at: number, fault: Fault) => void;

export class References {
  readonly #ofKind: ReadonlyMap<Kind, readonly KubernetesObject[]>;
  /** Of several of one name the first. */
  readonly #named = new Map<string, KubernetesObject>();
  /** By namespace and Service. */
  readonly #slices: ReadonlyMap<string, readonly KubernetesObject[]>;
  /** How many routes each listener takes, by its name. */
  readonly attached = new Map<string, number>();
  /** By listener. */
  readonly #narrower = new Map<SourceNode, readonly string[]>();
  /** Whether the list is complete; a file may leave out objects that it does not need. */
  readonly #complete: boolean;

  constructor(objects: readonly KubernetesObject[], complete = false) {
    this.#ofKind = Map.groupBy(objects, ({ kind }) => kind);
    for (const object of objects.toReversed()) this.#named.set(nameOf(object), object);
    this.#slices = Map.groupBy(
      this.of('EndpointSlice'),
      ({ namespace, labels }) => `${namespace}/${labels.get('kubernetes.io/service-name')}`,
    );
    this.#complete = complete;
  }

  of(kind: Kind): readonly KubernetesObject[] {
    return this.#ofKind.get(kind) ?? [];
  }

  #find(kind: Kind, namespace: string, name: string): KubernetesObject | undefined {
    return this.#named.get(nameOf({ kind, namespace, name }));
  }

  /**
   * The listeners that take a route. Without any Gateway in the file there is one that takes all.
   * @param refused called with the reason for each that does not
   */
  listenersOf(route: KubernetesObject, refused: Refused): Listener[] {
    const gateways = this.of('Gateway');
    if (gateways.length === 0 && !this.#complete) return [ALL];
    const parents = route.fields.map('spec')?.list('parentRefs') ?? [];
    return parents.flatMap((parent, at) =>
      this.#listenersAt(parent, route, (fault) => refused(parent, at, fault)),
    );
  }

  #listenersAt(parent: ObjectReader, route: KubernetesObject, refused: (fault: Fault) => void): Listener[] {
    parent.knows('group', 'kind', 'namespace', 'name', 'sectionName', 'port');
    const [name, namespace] = [parent.text('name') ?? '', parent.text('namespace') ?? route.namespace];
    const no = (expected: string, found: string, hint: string | null = null) => {
      refused({ expected, found, hint });
      return [];
    };
    if ((parent.text('kind') ?? 'Gateway') !== 'Gateway') return no('a Gateway', parent.text('kind')!);
    const gateway = this.#find('Gateway', namespace, name);
    if (gateway === undefined) return no('a Gateway of this file', `${namespace}/${name}`);
    const section = parent.text('sectionName');
    const port = parent.number('port');
    const all = gateway.fields.map('spec')?.list('listeners') ?? [];
    const meant = all.filter(
      (each) =>
        (section === null || each.text('name') === section) &&
        (port === null || each.number('port') === port),
    );
    if (meant.length === 0) return no(`a listener of ${name}`, section ?? `port ${port}`);
    const open = meant.filter((each) => this.#isAllowed(each, route, gateway));
    if (open.length === 0) {
      return no(
        `a listener that takes routes of the namespace ${route.namespace}`,
        'none',
        'allowedRoutes: { namespaces: { from: All } } takes them all',
      );
    }
    return open.map((each) => ({
      name: `${namespace}/${name}/${each.text('name')}`,
      hostname: each.scalar('hostname'),
      port: each.scalar('port'),
      narrower: this.#narrowerOf(each, all),
    }));
  }

  /** Hostnames below that of a listener that takes routes; known when all routes are attached. */
  isolated(): SourceScalar[] {
    return this.of('Gateway').flatMap((gateway) => {
      const all = gateway.fields.map('spec')?.list('listeners') ?? [];
      const wider = all.filter((each) =>
        this.attached.has(`${gateway.namespace}/${gateway.name}/${each.text('name')}`),
      );
      const narrower = new Set<string | null>(wider.flatMap((each) => this.#narrowerOf(each, all)));
      return all.flatMap((each) => {
        const hostname = each.scalar('hostname');
        return hostname !== null && narrower.has(hostnameOf(hostname)) ? [hostname] : [];
      });
    });
  }

  /** Asked for each route, worked out once. */
  #narrowerOf(listener: ObjectReader, all: readonly ObjectReader[]): readonly string[] {
    const known = this.#narrower.get(listener.node) ?? narrowerOf(listener, all);
    this.#narrower.set(listener.node, known);
    return known;
  }

  /** Counts a route that these take, each once. */
  attach(listeners: readonly Listener[]): void {
    for (const name of new Set(listeners.map((each) => each.name)))
      if (name !== null) this.attached.set(name, (this.attached.get(name) ?? 0) + 1);
  }

  backend(ref: ObjectReader, route: KubernetesObject): Backend {
    const [name, namespace] = [ref.text('name') ?? '', ref.text('namespace') ?? route.namespace];
    const kind = ref.text('kind') ?? 'Service';
    const no = (expected: string, found: string, hint: string | null = null) =>
      ({ ok: false, fault: { expected, found, hint }, status: 500 }) as const;
    if (kind !== 'Service' || (ref.text('group') ?? '') !== '') return no('a Service', kind);
    if (namespace !== route.namespace && !this.#isGranted(route, namespace, name))
      return no(`a ReferenceGrant in ${namespace} that lets HTTPRoutes of ${route.namespace} in`, 'none');
    const port = ref.number('port');
    if (port === null) return no('a port', 'none', 'which port of the Service is meant?');
    const service = this.#find('Service', namespace, name);
    if (service === undefined && this.#listsServices())
      return no('a Service of this file', `${namespace}/${name}`);
    const external = service?.fields.map('spec')?.text('externalName') ?? null;
    // A person with the right to make a Service could name this very machine.
    if (external !== null && this.#complete) return no('a Service that has endpoints', `a name, ${external}`);
    const ports = service?.fields.map('spec')?.list('ports') ?? [];
    const servicePort = ports.find((each) => each.number('port') === port);
    const http2 = speaksHttp2(servicePort);
    // Its pods come and go without a change of the configuration.
    if (this.#complete) {
      const begin = http2 ? CLUSTER_HTTP2 : CLUSTER;
      return { ok: true, targets: [`${begin}${namespace}/${name}:${port}`], node: ref };
    }
    const portName = servicePort?.text('name') ?? null;
    const addresses = external
      ? [`${external}:${port}`]
      : this.#addresses({ name, namespace, port, portName });
    if (addresses.length === 0)
      return { ...no(`an endpoint of ${namespace}/${name} that is ready`, 'none'), status: 503 };
    return {
      ok: true,
      targets: addresses.map((address) => `${http2 ? 'h2c' : 'http'}://${address}`),
      node: ref,
    };
  }

  #addresses({
    name,
    namespace,
    port,
    portName,
  }: {
    name: string;
    namespace: string;
    port: number;
    portName: string | null;
  }): string[] {
    const slices = this.#slices.get(`${namespace}/${name}`) ?? [];
    if (slices.length === 0) return [`${name}.${namespace}.svc:${port}`];
    return slices
      .flatMap((slice) => readyIn(slice, portName, port))
      .map(([address, number]) => `${address.includes(':') ? `[${address}]` : address}:${number}`);
  }

  /** Whether the file has the Services; those for external names do not count. */
  #listsServices(): boolean {
    if (this.#complete) return true;
    return this.of('Service').some(
      ({ fields }) => (fields.map('spec')?.get('externalName') ?? null) === null,
    );
  }

  #isAllowed(listener: ObjectReader, route: KubernetesObject, gateway: KubernetesObject): boolean {
    if (!takesRoutes(listener)) return false;
    const namespaces = listener.map('allowedRoutes')?.map('namespaces') ?? null;
    switch (namespaces?.word('from', ['Same', 'All', 'Selector']) ?? 'Same') {
      case 'All':
        return true;
      case 'Selector':
        return selects(namespaces!.map('selector'), this.#labelsOf(route.namespace));
      default:
        return route.namespace === gateway.namespace;
    }
  }

  /** Each namespace has its name as a label, whether or not its object is here. */
  #labelsOf(namespace: string): Labels {
    const object = this.#find('Namespace', '', namespace);
    const known = new Map([...(object?.labels ?? []), ['kubernetes.io/metadata.name', namespace]]);
    return { known, areAll: object !== undefined };
  }

  #isGranted(route: KubernetesObject, namespace: string, service: string): boolean {
    return this.of('ReferenceGrant').some((grant) => {
      const spec = grant.fields.map('spec');
      const from = spec?.list('from') ?? [];
      const to = spec?.list('to') ?? [];
      return (
        grant.namespace === namespace &&
        from.some(
          (each) =>
            each.text('kind') === 'HTTPRoute' &&
            each.text('group') === GROUP &&
            each.text('namespace') === route.namespace,
        ) &&
        // Of other groups there are Services, too.
        to.some(
          (each) =>
            each.text('kind') === 'Service' &&
            (each.text('group') ?? '') === '' &&
            (each.text('name') ?? service) === service,
        )
      );
    });
  }
}

/** Where a file has no Gateway. */
const ALL: Listener = { name: null, hostname: null, port: null, narrower: [] };

/** In lower case; `null`: every host. */
export function hostnameOf(hostname: SourceScalar | null): string | null {
  return hostname === null ? null : String(hostname.value).toLowerCase() || null;
}

function narrowerOf(listener: ObjectReader, all: readonly ObjectReader[]): string[] {
  const own = hostnameOf(listener.scalar('hostname'));
  const port = listener.text('port');
  return all.flatMap((each) => {
    const other = hostnameOf(each.scalar('hostname'));
    if (other === null || other === own || !hostMatches(own, other)) return [];
    return speaksHttp(each) && each.text('port') === port ? [other] : [];
  });
}

function speaksHttp(listener: ObjectReader): boolean {
  return /^HTTPS?$/.test(listener.text('protocol') ?? 'HTTP');
}

/** Whether a listener takes routes of this kind. */
function takesRoutes(listener: ObjectReader): boolean {
  if (!speaksHttp(listener)) return false;
  const kinds = listener.map('allowedRoutes')?.list('kinds') ?? [];
  return kinds.length === 0 || kinds.some((each) => each.text('kind') === 'HTTPRoute');
}

/** A Namespace has no namespace, whatever its file says. */
function nameOf({ kind, namespace, name }: Pick<KubernetesObject, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${kind === 'Namespace' ? '' : namespace}/${name}`;
}

interface Labels {
  readonly known: ReadonlyMap<string, string>;
  /** Where not, there may be others. */
  readonly areAll: boolean;
}

/** A label selector of Kubernetes: all its terms must match, and an empty one matches everything. */
function selects(selector: ObjectReader | null, labels: Labels): boolean {
  if (selector === null) return false;
  selector.knows('matchLabels', 'matchExpressions');
  const wanted = selector.map('matchLabels');
  return (
    (wanted?.keys() ?? []).every((key) => labels.known.get(key) === wanted!.text(key)) &&
    selector.list('matchExpressions').every((expression) => isMet(expression, labels))
  );
}

/** An unknown label of a namespace matches nothing. */
function isMet(expression: ObjectReader, { known, areAll }: Labels): boolean {
  const value = known.get(expression.text('key') ?? '');
  const isListed =
    value !== undefined && expression.textsOf('values').some((each) => String(each.value) === value);
  switch (expression.word('operator', ['In', 'NotIn', 'Exists', 'DoesNotExist'])) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed && (areAll || value !== undefined);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined && areAll;
    default:
      return false;
  }
}

/** Of a Service's port: `kubernetes.io/h2c` is HTTP/2 without TLS; `kubernetes.io/ws` needs nothing. */
function speaksHttp2(port: ObjectReader | undefined): boolean {
  return port?.text('appProtocol') === 'kubernetes.io/h2c';
}

function readyIn(slice: KubernetesObject, portName: string | null, port: number): [string, number][] {
  const ports = slice.fields.list('ports');
  const meant =
    ports.find((each) => each.text('name') === portName) ?? (ports.length === 1 ? ports[0] : undefined);
  const number = meant?.number('port') ?? port;
  return slice.fields
    .list('endpoints')
    .filter((endpoint) => endpoint.map('conditions')?.text('ready') !== 'false')
    .flatMap((endpoint) => endpoint.textsOf('addresses'))
    .map(({ value }) => [String(value), number]);
}
