import type { Purge } from '../cache/purge.ts';
import type { FileContent } from '../files/content.ts';
import type { GatewayConfig, PlacedService } from '../model/config.ts';
import type { ConfigStatus } from '../model/status.ts';
import type { OthersUnderWay } from '../policy/concurrent/under-way-keeper.ts';
import type { Counts } from '../policy/rate-limit/counts.ts';
import type { SharedTexts } from '../policy/shared-texts.ts';
import type { TicketSeed } from '../tls/ticket-keys.ts';

/** A worker's connections to its primary, in place of a file to follow and an admin listener. */
export interface WorkerContext {
  /** The configuration to start with. */
  readonly content: FileContent;
  /** The address of all workers, whatever the file says now; `null`: as configured. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  /** Whether it is the one that carries UDP (docs/workers.md). */
  readonly datagrams: boolean;
  /** Of which all workers make the same keys for session tickets of TLS. */
  readonly tickets: TicketSeed;
  /** Addresses that get no new exchanges. */
  readonly drained: readonly string[];
  /** @see KeptStates.adminSessions */
  readonly adminSessions: boolean;
  /** Where the services are that a cluster names. */
  readonly placed: readonly PlacedService[];
  /** Counts of limits, shared by all workers of all replicas. */
  readonly counts: Counts;
  /** Texts shared by all replicas. */
  readonly texts: SharedTexts;
  /** The other workers of this machine; `null`: there are none. */
  readonly others: OthersUnderWay | null;
  /** Tells the other workers which cached answers to forget. */
  readonly changed: (purges: readonly Purge[]) => void;
  /** This worker's part of bounds that hold for all workers together. */
  share(config: GatewayConfig): GatewayConfig;
  /** The last status from the primary. */
  configStatus(): ConfigStatus;
}
