import type { Logger } from 'pino';
import type { LongLivedExchanges } from '../exchange/long-lived.ts';
import type { GatewayConfig } from '../model/config.ts';
import type { KeptStates } from '../policy/kept.ts';
import type { UpstreamRegistry } from '../upstream/registry.ts';
import type { RouterHandlers } from './router.ts';
import { Snapshot } from './snapshot.ts';

export interface SnapshotsOptions {
  readonly mode: 'development' | 'production';
  readonly log: Logger;
  readonly registry: UpstreamRegistry;
  readonly kept: KeptStates;
  readonly longLived: LongLivedExchanges;
  /** Whether a raw stream of this very meaning is served. */
  readonly servesStream: (signature: string) => boolean;
  /** Asked when a snapshot is built: they are made later than this. */
  readonly handlers: () => RouterHandlers;
  /** Called for each configuration that takes effect, the first included. Resolves when it has done its part. */
  readonly taken: (config: GatewayConfig) => Promise<void>;
}

/**
 * Holds the current snapshot and replaces it: the next one is built beside it, one reference is swapped, and the old one finishes its
 * exchanges.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  /** Set from the first configuration on. Only `take` changes it. */
  current!: Snapshot;
  readonly #drains = new Set<NodeJS.Timeout>();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** @throws ExtensionError for a module that can't be used: then the one before serves on. */
  async take(config: GatewayConfig): Promise<void> {
    const { registry, kept, handlers, taken, mode, log } = this.#options;
    const next = await Snapshot.build(config, registry, kept, handlers(), mode);
    const previous: Snapshot | undefined = this.current;
    this.current = next;
    for (const remark of next.table.names?.remarks.slice(0, REMARKS_SHOWN) ?? [])
      if (!previous?.table.names?.remarks.includes(remark)) log.info(`names: ${remark}`);
    previous?.retire();
    await taken(config);
    if (previous) this.#drainChanged();
  }

  /** Long-lived exchanges on removed routes get some time to end by themselves. */
  #drainChanged(): void {
    const timer = setTimeout(() => {
      this.#drains.delete(timer);
      const ended = this.#options.longLived.closeUnless(
        (signature) => this.current.serves(signature) || this.#options.servesStream(signature),
      );
      if (ended > 0) this.#options.log.info({ ended }, 'ended tunnels and event streams of changed routes');
    }, CHANGED_ROUTE_DRAIN_MS);
    timer.unref();
    this.#drains.add(timer);
  }

  /** No more snapshots are taken; exchanges of the current one may finish. */
  retire(): void {
    for (const timer of this.#drains) clearTimeout(timer);
    (this.current as Snapshot | undefined)?.retire();
  }
}

const REMARKS_SHOWN = 20;
const CHANGED_ROUTE_DRAIN_MS = 10_000;
