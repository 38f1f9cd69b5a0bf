import type { ConfigContent } from '../config/content.ts';
import type { GatewayConfig } from '../model/config.ts';
import type { ConfigStatus, RouteStatus, StreamStatus } from '../model/status.ts';
import type { CachesView } from '../observe/admin-cache.ts';
import type { Reading } from '../observe/metrics/reading.ts';
import type { OverloadStatus } from '../overload/overload.ts';
import type { ReloadResult } from './reloader.ts';

/** What a gateway that is one worker of several has from its primary, in place of a file to follow and an admin listener. */
export interface Seat {
  /** What it serves at first. */
  readonly content: ConfigContent;
  /** Where all workers listen, whatever the file says by now; `null`: where it says. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  /** Whether it is the one that carries UDP (docs/workers.md). */
  readonly datagrams: boolean;
  /** Its part of what the configuration bounds for all workers together. */
  share(config: GatewayConfig): GatewayConfig;
  /** What the primary told last. */
  configStatus(): ConfigStatus;
}

/** A gateway that is one worker of several: what its primary asks of it, and tells it. */
export interface SeatedGateway {
  readonly address: { readonly host: string; readonly port: number };
  readonly caches: CachesView;
  /** Connections of clients that are open, on all ports. */
  readonly connections: number;
  routes(): Promise<readonly RouteStatus[]>;
  streams(): Promise<readonly StreamStatus[]>;
  overload(): Promise<readonly OverloadStatus[]>;
  /** What it has counted, and its gauges. */
  reading(): Promise<Reading>;
  /** Puts this content to work, or says why it can't be; then nothing has changed. */
  take(content: ConfigContent): Promise<ReloadResult>;
  /** Opens the UDP ports, or gives them to another worker. */
  carryDatagrams(carries: boolean): Promise<void>;
  /** As of `Gateway`. */
  close(deadlineMs?: number): Promise<boolean>;
  /** The same where another worker has taken over the ports: idle connections may ask once more, and what has no end of its own lives until the deadline. */
  giveWay(deadlineMs: number): Promise<boolean>;
}
