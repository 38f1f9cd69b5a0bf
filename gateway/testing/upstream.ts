import { onTestFinished } from 'vitest';
import type { UpstreamConfig } from '../config/model.ts';
import { type Choice, ConnectionChoice } from '../upstream/choice.ts';
import { EndpointRegistry } from '../upstream/endpoint-registry.ts';
import { Upstream } from '../upstream/upstream.ts';
import { localAddress } from './endpoint-address.ts';
import { upstreamConfig } from './upstream-config.ts';

/** The upstream of these ports of this machine. It is closed with the test. */
export function upstreamTo(ports: readonly number[], wish: Partial<UpstreamConfig> = {}): Upstream {
  return upstreamOf(
    upstreamConfig(
      ports.map((port) => localAddress(port)),
      wish,
    ),
  );
}

export function upstreamOf(config: UpstreamConfig): Upstream {
  const { limits, health, ejection, slowStartMs } = config;
  const settings = { connectTimeoutMs: 1_000, limits, health, ejection, slowStartMs };
  const upstream = new Upstream(config, new EndpointRegistry().source(settings), 'key');
  onTestFinished(() => upstream.close());
  return upstream;
}

/** A choice that depends on nothing. */
export const anyClient = new ConnectionChoice('192.0.2.7');

/** A client with these fields; names in lower case. */
export function choiceOf(fields: Readonly<Record<string, string>>, client = '192.0.2.7'): Choice {
  return { client, header: (lowerName) => fields[lowerName] };
}
