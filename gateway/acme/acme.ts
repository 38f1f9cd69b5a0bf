import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { AcmeConfig, GatewayConfig } from '../model/config.ts';
import type { OrderedCertificateStatus } from '../model/status.ts';
import type { OutstandingChallenge } from './challenges.ts';
import type { Renewals } from './renewals.ts';
import type { AcmeShare } from './share.ts';
import { acmeFolder } from './store.ts';

export interface AcmeOptions {
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Resolves when every process that takes connections answers these challenges, and no others. */
  readonly offer: (challenges: readonly OutstandingChallenge[]) => Promise<void>;
  /** `null`: there are no other replicas. */
  readonly share: () => AcmeShare | null;
}

/** Orders the certificates of `tls.acme`, in the one process of a gateway that follows the file. The listener finds them on disk. */
export class Acme {
  readonly #options: AcmeOptions;
  #config: AcmeConfig | null = null;
  #renewals: Renewals | null = null;
  /** Orders since the process began. */
  readonly results = { issued: 0, failed: 0 };

  constructor(options: AcmeOptions) {
    this.#options = options;
  }

  /**
   * Call it when the ports are open. Unchanged names keep their certificates; failed orders are retried at once if the settings have
   * changed.
   */
  use({ tls }: GatewayConfig): void {
    const acme = tls?.acme ?? null;
    if (isDeepStrictEqual(acme, this.#config)) return;
    const afresh = this.#config !== null;
    this.stop();
    this.#config = acme;
    if (acme !== null) void this.#begin(acme, afresh);
  }

  /** Gateways without it need not load the protocol. */
  async #begin(acme: AcmeConfig, afresh: boolean): Promise<void> {
    const { Renewals } = await import('./renewals.ts');
    if (this.#config !== acme) return;
    const { log, env, offer, share } = this.#options;
    const ordered = (result: 'issued' | 'failed') => void this.results[result]++;
    this.#renewals = new Renewals({
      acme,
      folder: acmeFolder(acme, env),
      log,
      offer,
      share,
      ordered,
      afresh,
    });
  }

  status(): readonly OrderedCertificateStatus[] {
    return this.#renewals?.status() ?? [];
  }

  stop(): void {
    this.#renewals?.stop();
    this.#renewals = null;
    this.#config = null;
  }
}
