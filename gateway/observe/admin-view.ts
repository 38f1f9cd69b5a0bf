import type { Purge } from '../cache/purge.ts';
import type { Environment } from '../config/load.ts';
import type { TimeSlice } from '../exchange/time-slice.ts';
import type { GatewayConfig } from '../model/config.ts';
import type {
  Capture,
  ComparedList,
  ComparedQuery,
  ExchangeList,
  ExchangeQuery,
  ExchangeView,
  KeptRequest,
  MessageList,
  MessageQuery,
} from '../model/exchanges.ts';
import type {
  ConfigStatus,
  OrderedCertificateStatus,
  Replacement,
  SharedStatus,
  WorkerStatus,
} from '../model/status.ts';
import type { ExplainInput, Explanation } from '../route/explanation.ts';
import type { ServiceControl } from './admin-services.ts';
import type { AskFigure } from './figures.ts';
import type { Reading } from './metrics/reading.ts';

/** The gateway, as the admin listener sees it. */
export interface AdminView {
  /** Why it takes no new requests (`starting`, `draining`); `null`: it does. */
  notReady(): string | null;
  readonly mode: 'development' | 'production';
  /** Of the configuration. */
  readonly env: Environment;
  /** Shared by all long answers, however many ask for one at once. */
  readonly slice: TimeSlice;
  /** Where clients are taken. */
  port(): number;
  /** The configuration that serves new requests now. */
  config(): GatewayConfig;
  configStatus(): ConfigStatus;
  readonly figure: AskFigure;
  /** The processes that serve in this one's place; none without `workers:`. */
  workers(): Promise<readonly WorkerStatus[]>;
  /** Puts new processes into the places of the workers, one after the other, on the same ports. */
  replaceWorkers(): Promise<Replacement>;
  /** Addresses of endpoints that get no new exchanges. */
  drained(): readonly string[];
  /** From now on these, and no others. */
  drain(addresses: readonly string[]): Promise<void>;
  /** Makes caches forget. @returns how many URLs were forgotten. */
  purge(purge: Purge): Promise<number>;
  /** Of each process, and of the gateway as a whole. */
  metrics(): Promise<readonly Reading[]>;
  explain(input: ExplainInput): Explanation;
  /** As far as the gateway orders them. */
  certificates(): readonly OrderedCertificateStatus[];
  /** The state of the Redis of `shared:`; `null`: there is none. */
  shared(): SharedStatus | null;
  readonly exchanges: ExchangesView;
  onReload(heard: (config: GatewayConfig) => void): void;
  /** The processes that `portway dev` runs; `null`: this gateway runs none. */
  readonly services: ServiceControl | null;
}

/** The kept exchanges of this gateway, or of its workers. Asking for them makes the gateway keep some. */
export interface ExchangesView {
  find(query: ExchangeQuery): Promise<ExchangeList>;
  /** @returns `null`: not kept, or not any more */
  one(id: string, bodies: boolean): Promise<ExchangeView | null>;
  request(id: string): Promise<KeptRequest | null>;
  capture(capture: Capture | null): Promise<void>;
  /** The running capture of bodies. */
  captured(): Capture | null;
  /** Messages of tunnels and event streams. */
  messages(query: MessageQuery): Promise<MessageList>;
  /** How the answers of compared services were. */
  compared(query: ComparedQuery): Promise<ComparedList>;
}
