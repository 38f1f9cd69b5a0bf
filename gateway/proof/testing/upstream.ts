import { onTestFinished } from 'vitest';
import type { DialAddress, UpstreamConfig } from '../../model/config.ts';
import { type Choice, ConnectionChoice } from '../../upstream/choice.ts';
import { Discovery } from '../../upstream/discovery.ts';
import type { Endpoint } from '../../upstream/endpoint.ts';
import { EndpointRegistry, type EndpointSource } from '../../upstream/endpoint-registry.ts';
import type { HealthLog } from '../../upstream/health-checks.ts';
import { Upstream } from '../../upstream/upstream.ts';
import { localAddress } from './endpoint-address.ts';
import { upstreamConfig } from './upstream-config.ts';

/** The upstream of these ports of this machine. It is closed with the test. */
export function upstreamTo(ports: readonly number[], overrides: Partial<UpstreamConfig> = {}): Upstream {
  return upstreamOf(
    upstreamConfig(
      ports.map((port) => localAddress(port)),
      overrides,
    ),
  );
}

export function upstreamOf(config: UpstreamConfig, log?: HealthLog): Upstream {
  const upstream = new Upstream({
    config,
    endpoints: sourceOf(config, log),
    names: new Discovery().source(null),
    stickyKey: 'key',
    breaker: null,
  });
  onTestFinished(() => upstream.close());
  return upstream;
}

/** An endpoint that no upstream has. */
export function endpointAt(address: DialAddress): Endpoint {
  return sourceOf(upstreamConfig([])).acquire(address);
}

function sourceOf(
  { limits, health, ejection, slowStartMs }: UpstreamConfig,
  log?: HealthLog,
): EndpointSource {
  return new EndpointRegistry(log).source({ connectTimeoutMs: 1_000, limits, health, ejection, slowStartMs });
}

/** A choice that depends on nothing. */
export const anyClient = new ConnectionChoice('192.0.2.7');

/** A client with these fields; names in lower case. */
export function choiceOf(fields: Readonly<Record<string, string>>, client = '192.0.2.7'): Choice {
  return { client, header: (lowerName) => fields[lowerName] };
}
