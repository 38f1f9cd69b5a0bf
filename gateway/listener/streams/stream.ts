import type { BulkMemory } from '../../exchange/bulk-memory.ts';
import type { IdentitySource } from '../../exchange/identity.ts';
import type { LongLivedExchanges } from '../../exchange/long-lived.ts';
import type { ExchangeRecord } from '../../exchange/record.ts';
import type { StreamConfig } from '../../model/config.ts';
import type { UpstreamSpec } from '../../upstream/registry.ts';
import type { Upstream } from '../../upstream/upstream.ts';

/** A stream at work: its configuration, and endpoints that it shares with all others that name them. */
export interface LiveStream {
  readonly config: StreamConfig;
  readonly upstream: Upstream;
  /** The key of its upstream. */
  readonly spec: UpstreamSpec;
  /** As of routes: equal for streams that treat a connection alike. */
  readonly signature: string;
}

/** A stream, as it is counted. */
export interface RunningStream extends Pick<LiveStream, 'config' | 'upstream'> {
  readonly connections: number;
  readonly refused: number;
}

/** Parts of the gateway that streams use. */
export interface StreamContext {
  readonly identity: IdentitySource;
  readonly longLived: LongLivedExchanges;
  readonly memory: BulkMemory;
  readonly inFlight: { begin(): void; end(): void };
  readonly log: (record: ExchangeRecord) => void;
}

/** Shared among streams. */
export interface StreamSiblings {
  /** `address port` of every socket that datagrams leave from towards services: a datagram from there is the gateway's own. */
  readonly ownPorts: Set<string>;
}

/** One port below HTTP. */
export interface Stream {
  /** @throws ListenError */
  listen(): Promise<void>;
  /** Connections, or sessions, that are open. */
  readonly connections: number;
  /** How many connections were refused, or datagrams dropped, because there were too many already. */
  readonly refused: number;
  /** New connections follow this configuration; it listens where it did. */
  replace(live: LiveStream): void;
  /** @param emptied called when nothing is left of it. */
  stopAccepting(emptied?: () => void): void;
  /** Force-closes the rest and releases the port. */
  destroy(): void;
}

/** Everything but where in the file it stands: two streams with the same signature treat a connection alike. */
export function streamSignature(config: StreamConfig): string {
  const { source: _source, ...meaning } = config;
  return JSON.stringify(meaning);
}
