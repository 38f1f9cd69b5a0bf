import type { Logger } from 'pino';
import type { GatewayConfig } from './config/model.ts';
import type { ConfigStatus, RouteStatus, ServiceStatus } from './observe/status.ts';

export interface GatewayOptions {
  /** Path of the YAML file; it is watched, and SIGHUP handling is the caller's (`reload`). */
  readonly configFile: string;
  /** For `${NAME}` and `GATEWAY_HOSTS`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** In development, error answers say what was tried and what to do. */
  readonly mode: 'development' | 'production';
  readonly log: Logger;
  /** What the supervisor knows of the processes behind the ports; none in production. */
  readonly services?: () => readonly ServiceStatus[];
  /** Overrides the file's `port` and `admin` (0: any free port), for tests. */
  readonly listen?: { readonly port?: number; readonly adminPort?: number };
}

export interface ReloadResult {
  readonly changed: boolean;
  /** The formatted problems where the file was refused. */
  readonly rejected: string | null;
}

export interface Gateway {
  /** Where it listens: host and the actual port. */
  readonly address: { readonly host: string; readonly port: number };
  readonly adminAddress: { readonly host: string; readonly port: number } | null;
  /** The configuration that serves new requests now. */
  config(): GatewayConfig;
  configStatus(): ConfigStatus;
  /** Asks every endpoint whether it accepts connections, at most once in two seconds. */
  routes(): Promise<readonly RouteStatus[]>;
  /** Called after each reload that took effect. */
  onReload(listener: (config: GatewayConfig) => void): void;
  reload(): Promise<ReloadResult>;
  /** Stops accepting, lets exchanges finish until the deadline, then ends what is left. */
  close(deadlineMs?: number): Promise<void>;
}

/** @throws ConfigError (config/problem.ts) for a file that can't be used; ListenError (listener/listen-error.ts) for a taken port. */
export async function startGateway(_options: GatewayOptions): Promise<Gateway> {
  throw new Error('under construction');
}
