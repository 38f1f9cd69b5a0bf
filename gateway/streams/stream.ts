import type { StreamConfig } from '../config/model.ts';
import type { IdentitySource } from '../filter/identity.ts';
import type { BulkMemory } from '../forward/bulk-memory.ts';
import type { LastingExchanges } from '../forward/lasting.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** A stream at work: its configuration, and endpoints that it shares with whoever else names them. */
export interface LiveStream {
  readonly config: StreamConfig;
  readonly upstream: Upstream;
  /** As of routes: equal for streams that treat a connection alike. */
  readonly signature: string;
}

/** What streams share with the rest of the gateway. */
export interface StreamContext {
  readonly identity: IdentitySource;
  readonly lasting: LastingExchanges;
  readonly memory: BulkMemory;
  readonly inFlight: { begin(): void; end(): void };
  readonly log: (record: ExchangeRecord) => void;
}

/** One port below HTTP. */
export interface Stream {
  /** @throws ListenError */
  listen(): Promise<void>;
  readonly address: { readonly host: string; readonly port: number };
  /** New connections follow this configuration; it listens where it did. */
  replace(live: LiveStream): void;
  stopAccepting(): void;
  destroy(): void;
}
