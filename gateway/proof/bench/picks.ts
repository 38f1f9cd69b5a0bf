/** Cost of the choice of an endpoint, by policy and number of endpoints: `node gateway/proof/bench/picks.ts`. Prints nanoseconds. */

import type { EndpointConfig, Port, UpstreamConfig } from '../../model/config.ts';
import type { Choice } from '../../upstream/choice.ts';
import { Discovery } from '../../upstream/discovery.ts';
import { EndpointRegistry } from '../../upstream/endpoint-registry.ts';
import { Upstream } from '../../upstream/upstream.ts';
import { upstreamConfig } from '../testing/upstream-config.ts';

const COUNTS = [1, 3, 100];
const ROUNDS = 7;
const PICKS = 300_000;

const policies: Readonly<Record<string, Partial<UpstreamConfig>>> = {
  'round-robin': { balance: { kind: 'round-robin' } },
  'least-requests': { balance: { kind: 'least-requests' } },
  'random-two': { balance: { kind: 'random-two' } },
  'hash by ip': { balance: { kind: 'hash', by: { kind: 'ip' } } },
  'hash by cookie': { balance: { kind: 'hash', by: { kind: 'cookie', name: 'sid' } } },
  sticky: { balance: { kind: 'round-robin' }, sticky: { cookie: 'portway', maxAgeMs: null } },
};

const cookie = 'theme=dark; sid=4f1c9d; portway=none; lang=en';
const clients = Array.from({ length: 64 }, (_, at): Choice => {
  const client = `192.0.2.${at}`;
  return { client, header: () => cookie };
});

function endpoint(at: number, weighted: boolean): EndpointConfig {
  const key = `10.0.0.${at}:80`;
  const address = { kind: 'tcp' as const, key, tls: false, host: `10.0.0.${at}`, port: 80 as Port };
  return {
    address: { ...address, addresses: [address.host] },
    weight: weighted ? 1 + (at % 3) : 1,
    backup: false,
  };
}

function upstream(overrides: Partial<UpstreamConfig>, count: number, weighted: boolean): Upstream {
  const endpoints = Array.from({ length: count }, (_, at) => endpoint(at, weighted));
  const config = upstreamConfig([], { endpoints, ejection: null, ...overrides });
  const { limits, health, ejection, slowStartMs } = config;
  const settings = { connectTimeoutMs: 1_000, limits, health, ejection, slowStartMs };
  return new Upstream({
    config,
    endpoints: new EndpointRegistry().source(settings),
    names: new Discovery().source(null),
    stickyKey: 'key',
    breaker: null,
  });
}

/** The best of several rounds: a disturbance makes a round slower, never faster. */
function nanoseconds(balanced: Upstream): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = process.hrtime.bigint();
    for (let i = 0; i < PICKS; i++) {
      const picked = balanced.pick(clients[i & 63]!, []);
      balanced.recordOutcome(picked, 'success', balanced.begun(picked), i);
      balanced.ended(picked);
    }
    best = Math.min(best, Number(process.hrtime.bigint() - startedAt) / PICKS);
  }
  return best;
}

for (const weighted of [false, true]) {
  console.log(`\n${weighted ? 'weights 1 to 3' : 'equal weights'}, ns for a pick, its begin and its end`);
  for (const [name, overrides] of Object.entries(policies)) {
    const figures = COUNTS.map((count) =>
      nanoseconds(upstream(overrides, count, weighted))
        .toFixed(0)
        .padStart(8),
    );
    console.log(`${name.padEnd(16)}${figures.join('')}`);
  }
}
