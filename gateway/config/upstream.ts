/** What holds of an upstream where neither the route nor the top level says otherwise. */

import type { EndpointConfig, UpstreamConfig } from './model.ts';

type UpstreamSettings = Omit<UpstreamConfig, 'endpoints'>;

export const UPSTREAM_DEFAULTS: UpstreamSettings = {
  canary: null,
  balance: { kind: 'round-robin' },
  sticky: null,
  health: null,
  ejection: { failures: 5, rate: 0.5, requests: 20, windowMs: 10_000, forMs: 10_000, maxShare: 0.5 },
  slowStartMs: null,
  limits: { connections: 1024, waiting: 1024, waitMs: 10_000 },
  breaker: null,
};

export const RETRY_DEFAULTS = { attempts: 3, budget: 0.2, perTryMs: null } as const;
export const OVERLOAD_DEFAULTS = { eventLoopDelayMs: 200, memoryBytes: null, retryAfterMs: 1_000 } as const;

export function compileUpstream(endpoints: readonly EndpointConfig[]): UpstreamConfig {
  return { endpoints, ...UPSTREAM_DEFAULTS };
}
