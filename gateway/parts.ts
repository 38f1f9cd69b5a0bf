import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { Caches } from './cache/caches.ts';
import { troubleLog } from './cache/trouble-log.ts';
import { BulkMemory } from './exchange/bulk-memory.ts';
import { IdentitySource } from './exchange/identity.ts';
import { LastingExchanges } from './exchange/long-lived.ts';
import type { ExchangeRecord } from './exchange/record.ts';
import { HttpListener } from './listener/http.ts';
import { Streams } from './listener/streams/streams.ts';
import { TlsFiles } from './listener/tls-files.ts';
import { createAccessLog } from './log/access-log.ts';
import type { GatewayConfig } from './model/config.ts';
import type { ServiceStatus } from './model/status.ts';
import { GatewayMetrics } from './observe/metrics/gateway-metrics.ts';
import { Descriptors } from './overload/descriptors.ts';
import { Overload } from './overload/overload.ts';
import { EscapeNotices } from './policy/escape/notices.ts';
import { KeptStates } from './policy/kept.ts';
import { Carrier } from './proxy/carrier.ts';
import { InFlight } from './proxy/in-flight.ts';
import { type ExaminePort, Responder } from './proxy/responder.ts';
import type { RouterHandlers } from './proxy/router.ts';
import { Snapshots } from './proxy/snapshots.ts';
import { Holds } from './upstream/hold.ts';
import { UpstreamRegistry } from './upstream/registry.ts';

export interface PartsOptions {
  readonly mode: 'development' | 'production';
  readonly log: Logger;
  readonly stickySecret: string | undefined;
  /** Of the authority that `tls: dev` is issued by. */
  readonly authorityFolder: string;
  readonly services: () => readonly ServiceStatus[];
  readonly examine: ExaminePort | null;
  readonly page: (request: IncomingMessage, reply: FastifyReply) => Promise<FastifyReply>;
  /** A configuration has taken effect. Resolves when all who must know do. */
  readonly taken: (config: GatewayConfig) => Promise<void>;
}

/** The composition root: every part is made and joined here, in the order in which an exchange meets them. */
export class GatewayParts {
  readonly #options: PartsOptions;
  /** Takes connections, and makes exchanges of what comes on them. */
  readonly listener: HttpListener;
  /** Tells it which certificates to show. */
  readonly tlsFiles: TlsFiles;
  /** The same for raw TCP and UDP, which have no exchanges. */
  readonly streams: Streams;
  /** Says which new ones are too many. */
  readonly overload: Overload;
  /** How many connections there may be. */
  readonly descriptors: Descriptors;
  /** Carries each on its way: through the route table and the filters of the snapshot that serves ... */
  readonly carrier: Carrier;
  readonly snapshots: Snapshots;
  /** ... past what its route keeps ... */
  readonly caches: Caches;
  /** ... to an endpoint, which outlives snapshots ... */
  readonly registry: UpstreamRegistry;
  /** What policies keep beyond a snapshot. */
  readonly kept: KeptStates;
  readonly lasting = new LastingExchanges();
  readonly memory = new BulkMemory();
  /** ... or to an answer of our own ... */
  readonly responder: Responder;
  /** ... and to its end, where it is counted and written down. */
  readonly inFlight: InFlight;
  readonly metrics: GatewayMetrics;

  constructor(options: PartsOptions) {
    this.#options = options;
    const { log, mode, services, examine, stickySecret } = options;
    const { lasting, memory } = this;
    // From the end to the beginning: each hop is given those behind it.
    this.descriptors = new Descriptors(log);
    const observe = this.#observer();
    this.metrics = this.#createMetrics();
    const { traffic, loopDelay } = this.metrics;
    const inFlight = new InFlight(observe, traffic);
    this.inFlight = inFlight;
    const unread = (record: ExchangeRecord) => {
      traffic.none.count(record);
      observe(record);
    };
    this.responder = new Responder({ mode, services, examine, log: unread });
    this.registry = new UpstreamRegistry(log, stickySecret, traffic);
    this.kept = new KeptStates(log);
    this.caches = new Caches(troubleLog(log));
    this.overload = new Overload({
      config: () => this.#config.overload,
      log,
      seen: (delayMs) => loopDelay.seen(delayMs),
    });
    const { responder, caches, overload } = this;
    const snapshot = () => this.snapshots.current;
    const holds = new Holds(services);
    this.carrier = new Carrier({
      mode,
      snapshot,
      responder,
      inFlight,
      lasting,
      memory,
      caches,
      overload,
      holds,
    });
    this.snapshots = this.#createSnapshots();
    const identity = new IdentitySource();
    this.streams = new Streams(this.registry, { identity, lasting, memory, inFlight, log: observe }, log);
    this.listener = new HttpListener(this.carrier);
    this.tlsFiles = new TlsFiles(log, options.authorityFolder, (settings) => this.listener.useTls(settings));
  }

  /** Begins to look at what the process can do, when its ports are open. */
  watch(): void {
    this.overload.start();
    this.descriptors.start();
  }

  /** Ends what is left. */
  close(): void {
    this.overload.stop();
    this.descriptors.stop();
    this.tlsFiles.stop();
    this.listener.destroy();
    this.streams.destroy();
    this.caches.close();
    this.snapshots.retire();
  }

  get #config(): GatewayConfig {
    return this.snapshots.current.config;
  }

  #observer(): (record: ExchangeRecord) => void {
    const writeLine = createAccessLog(this.#options.log, { enabled: () => this.#config.log.access });
    const escapes = new EscapeNotices(this.#options.log, () => this.#config.routes);
    return (record) => {
      if (record.escaped !== null) escapes.see(record);
      if (record.errorCode === 'out_of_descriptors') this.descriptors.exchangeFailed();
      writeLine(record);
    };
  }

  #createMetrics(): GatewayMetrics {
    return new GatewayMetrics(() => ({
      routes: this.snapshots.current.routes.map(({ config: { id }, upstream }) => ({ id, upstream })),
      streams: this.streams.running(),
      caches: this.caches.status(),
      overload: this.overload.status(),
      listener: this.listener,
    }));
  }

  #createSnapshots(): Snapshots {
    const { mode, log, page, taken } = this.#options;
    const { registry, lasting } = this;
    const servesStream = (signature: string) => this.streams.serves(signature);
    return new Snapshots({
      mode,
      log,
      registry,
      kept: this.kept,
      lasting,
      servesStream,
      handlers: this.#handlers(log, page),
      taken,
    });
  }

  #handlers(log: Logger, page: PartsOptions['page']): RouterHandlers {
    const { extensions } = this.carrier;
    return {
      log,
      routeOf: (request) => extensions.routeOf(request),
      page,
      dispatcher: extensions.dispatcher,
      tag: (request, shown) => extensions.tag(request, shown),
      headDue: (request) => extensions.headDue(request),
      flushHead: (request) => extensions.flushHead(request),
      extensionFailed: (request, cause) => extensions.failed(request, cause),
    };
  }
}
