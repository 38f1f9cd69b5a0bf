import type { EndpointAddress, UpstreamConfig } from '../../model/config.ts';

/** An upstream of these endpoints, alike in weight; everything else is as where the file says nothing. */
export function upstreamConfig(
  addresses: readonly EndpointAddress[],
  overrides: Partial<UpstreamConfig> = {},
): UpstreamConfig {
  return {
    endpoints: addresses.map((address) => ({ address, weight: 1, backup: false })),
    canary: null,
    balance: { kind: 'round-robin' },
    sticky: null,
    health: null,
    ejection: { failures: 5, rate: 0.5, requests: 20, windowMs: 10_000, forMs: 10_000, maxShare: 0.5 },
    slowStartMs: null,
    limits: { connections: 1024, waiting: 1024, waitMs: 10_000 },
    breaker: null,
    ...overrides,
  };
}
