import type { Purge } from '../cache/purge.ts';
import type { FileContent } from '../files/content.ts';
import type { GatewayConfig, PlacedService } from '../model/config.ts';
import type { ConfigStatus } from '../model/status.ts';
import type { OthersUnderWay } from '../policy/concurrent/under-way-keeper.ts';
import type { Counts } from '../policy/rate-limit/counts.ts';
import type { SharedTexts } from '../policy/shared-texts.ts';
import type { TicketSeed } from '../tls/ticket-keys.ts';

/** What a gateway that is one worker of several has from its primary, in place of a file to follow and an admin listener. */
export interface WorkerContext {
  /** What it serves at first. */
  readonly content: FileContent;
  /** Where all workers listen, whatever the file says by now; `null`: where it says. */
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
  /** Where all workers, of all replicas, agree on what they count. */
  readonly counts: Counts;
  /** What all replicas keep for each other. */
  readonly texts: SharedTexts;
  /** The other workers of this machine; `null`: there are none. */
  readonly others: OthersUnderWay | null;
  /** Tells the others what a change makes forget. */
  readonly changed: (purges: readonly Purge[]) => void;
  /** Its part of what the configuration bounds for all workers together. */
  share(config: GatewayConfig): GatewayConfig;
  /** What the primary told last. */
  configStatus(): ConfigStatus;
}
