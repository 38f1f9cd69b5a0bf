import type { Logger } from 'pino';
import type { OutstandingChallenge } from './acme/challenges.ts';
import type { Environment, Validated } from './config/load.ts';
import type { FileContent } from './files/content.ts';
import type { GatewayConfig, PlacedService } from './model/config.ts';
import type { ServiceStatus } from './model/status.ts';
import type { ServiceControl } from './observe/admin-services.ts';
import type { AdminView } from './observe/admin-view.ts';
import type { Inspector } from './observe/exchanges/inspector.ts';
import type { AskFigure } from './observe/figures.ts';
import type { Reading } from './observe/metrics/reading.ts';
import type { ReloadResult } from './proxy/reloader.ts';
import type { ExaminePort } from './proxy/responder.ts';
import type { Secrets } from './shared/messages.ts';

export interface GatewayOptions {
  /** Path of the file; it is watched. SIGHUP is the caller's to handle, by `reload`. */
  readonly configFile: string;
  /** Taken instead of what the file says, for ever; `configFile` is its name then. */
  readonly content?: FileContent;
  /** What was found of the file a moment ago: it is validated again only where it has changed since, because that takes seconds for a large one. */
  readonly validated?: Validated;
  /** For `${NAME}` and `GATEWAY_HOSTS`. */
  readonly env: Environment;
  /** In development, error answers say what was tried and what to do. */
  readonly mode: 'development' | 'production';
  readonly log: Logger;
  /** Whether it keeps its level, whatever the configuration says. */
  readonly keepsLogLevel?: boolean;
  /** What the supervisor knows of the processes behind the ports; none in production. */
  readonly services?: () => readonly ServiceStatus[];
  /** Finds out what is true of a port that does not answer as it should. */
  readonly examine?: ExaminePort;
  /** By which operators restart these processes and follow their lines. */
  readonly serviceControl?: ServiceControl;
  /** Finds ports for services whose port is `auto`; without it such a configuration is refused. */
  readonly place?: (config: GatewayConfig) => Promise<GatewayConfig>;
  /** Overrides the configuration's `port` and `admin`; 0 is any free port, `false` is no admin listener. */
  readonly listen?: { readonly port?: number; readonly adminPort?: number | false };
}

export interface Gateway
  extends Omit<
    AdminView,
    | 'notReady'
    | 'mode'
    | 'env'
    | 'slice'
    | 'port'
    | 'drained'
    | 'drain'
    | 'purge'
    | 'metrics'
    | 'explain'
    | 'services'
    | 'exchanges'
    | 'shared'
  > {
  /** Where it listens: host and the actual port. */
  readonly address: { readonly host: string; readonly port: number };
  readonly adminAddress: { readonly host: string; readonly port: number } | null;
  /** Called after each reload that took effect. */
  onReload(listener: (config: GatewayConfig) => void): void;
  reload(): Promise<ReloadResult>;
  /**
   * Stops accepting, lets exchanges finish until the deadline, then ends what is left. @returns whether all finished in time.
   * @param announceMs before that, all is served on while `/readyz` says 503; then connections end with an answer, as of `giveWay`.
   */
  close(deadlineMs?: number, announceMs?: number): Promise<boolean>;
}

/** A gateway that is one worker of several: what its primary asks of it, and tells it. */
export interface WorkerGateway {
  readonly address: { readonly host: string; readonly port: number };
  readonly figure: AskFigure;
  readonly purge: AdminView['purge'];
  readonly drain: AdminView['drain'];
  readonly exchanges: Inspector;
  readonly compared: AdminView['exchanges']['compared'];
  readonly slice: AdminView['slice'];
  /** What it has counted, and its gauges. */
  reading(): Promise<Reading>;
  /** Puts this content to work, or says why it can't be; then nothing has changed. */
  take(content: FileContent): Promise<ReloadResult>;
  /** The services that a cluster names are there from now on. */
  place(services: readonly PlacedService[]): void;
  /** From now on these, and no others. */
  answerChallenges(outstanding: readonly OutstandingChallenge[]): void;
  /** Has these in common with its peers, from now on. */
  adopt(secrets: Secrets): void;
  /** Opens the UDP ports, or gives them to another worker. */
  carryDatagrams(carries: boolean): Promise<void>;
  /** As of `Gateway`. */
  close(deadlineMs?: number): Promise<boolean>;
  /** The same where another worker has taken over the ports: idle connections may ask once more, and what has no end of its own lives until the deadline. */
  giveWay(deadlineMs: number): Promise<boolean>;
}
