import type { ExchangeDetail } from './detail.ts';
import type { IdentitySource } from './identity.ts';

/** The place of a sampled exchange in a trace (W3C Trace Context). Ids are lower-case hexadecimal. */
export class ExchangeTrace {
  readonly traceId: string;
  /** The client's span; `null`: the trace begins here. */
  readonly parentId: string | null;
  readonly spanId: string;
  readonly #identity: IdentitySource;

  constructor(identity: IdentitySource, received: readonly [traceId: string, parentId: string] | null) {
    this.#identity = identity;
    this.traceId = received?.[0] ?? identity.traceId();
    this.parentId = received?.[1] ?? null;
    this.spanId = identity.spanId();
  }

  /** The `traceparent` for the service: each attempt has a span of its own. */
  traceparent(detail: ExchangeDetail | null): string {
    const attempt = detail?.attempts.at(-1);
    if (attempt) attempt.spanId ??= this.#identity.spanId();
    return `00-${this.traceId}-${attempt?.spanId ?? this.spanId}-01`;
  }
}

/** Decides on arrival which exchanges are traced. */
export interface Tracing {
  readonly on: boolean;
  /**
   * @param received the client's `Traceparent`. @param believed whether the client may decide that it is sampled.
   * @returns `null`: this one is not.
   */
  begin(received: string | null, believed: boolean): ExchangeTrace | null;
}
