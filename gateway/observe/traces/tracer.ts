import type { Logger } from 'pino';
import { type IdentitySource, isTraceparent } from '../../exchange/identity.ts';
import type { ExchangeRecord } from '../../exchange/record.ts';
import { ExchangeTrace, type Tracing } from '../../exchange/trace.ts';
import type { TracesConfig } from '../../model/config.ts';
import { TraceExporter } from './exporter.ts';

/** Traces a share of the exchanges, as configured by `traces:`; switched off, an exchange costs one comparison. */
export class Tracer implements Tracing {
  readonly #log: Logger;
  readonly #identity: IdentitySource;
  #config: TracesConfig | null = null;
  #exporter: TraceExporter | null = null;
  on = false;

  constructor(log: Logger, identity: IdentitySource) {
    this.#log = log;
    this.#identity = identity;
  }

  /** Applies a configuration; an equal one changes nothing. */
  use(config: TracesConfig | null): void {
    if (JSON.stringify(config) === JSON.stringify(this.#config)) return;
    void this.#exporter?.close();
    this.#config = config;
    this.#exporter = config && new TraceExporter(config, this.#log);
    this.on = config !== null;
  }

  /**
   * Follows a believed parent (W3C Trace Context §3.2.2.5.1), else decides by chance: clients that choose a trace id must not choose this,
   * too.
   */
  begin(received: string | null, believed: boolean): ExchangeTrace | null {
    const valid = received !== null && isTraceparent(received) ? received : null;
    const sampled = believed && valid !== null ? isSampled(valid) : Math.random() < this.#config!.sample;
    if (!sampled) return null;
    return new ExchangeTrace(
      this.#identity,
      valid === null ? null : [valid.slice(3, 35), valid.slice(36, 52)],
    );
  }

  ended(record: Readonly<ExchangeRecord>, trace: ExchangeTrace): void {
    this.#exporter?.add(record, trace);
  }

  async close(): Promise<void> {
    this.on = false;
    await this.#exporter?.close();
  }
}

function isSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;
}
