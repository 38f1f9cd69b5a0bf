/** Routes from labels of containers. */

import type { DockerDiscovery } from '../model/config.ts';
import type { LabelledOrigin } from '../model/labels.ts';
import type { EngineContainer } from './docker-engine.ts';

/** The containers that ask for a route, by name. A malformed container affects only itself. */
export function originsOf(
  containers: readonly EngineContainer[],
  settings: DockerDiscovery,
): LabelledOrigin[] {
  return containers
    .flatMap((container) => soundOrigin(container, settings) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const PREFIX = 'portway.';
/** A label about the container as a whole. */
const ENABLE = 'portway.enable';
const NETWORK = 'portway.network';

/** `null` also for a malformed container: the engine's answer is not checked field by field. */
function soundOrigin(container: EngineContainer, settings: DockerDiscovery): LabelledOrigin | null {
  try {
    return originOf(container, settings);
  } catch {
    return null;
  }
}

function originOf(container: EngineContainer, settings: DockerDiscovery): LabelledOrigin | null {
  const own = Object.entries(container.Labels ?? {}).filter(([name]) => name.startsWith(PREFIX));
  const named = new Map(own);
  if (own.length === 0 || named.get(ENABLE)?.toLowerCase() === 'false') return null;
  const labels = own.filter(([name]) => name !== ENABLE && name !== NETWORK);
  return {
    name: `container ${nameOf(container)}`,
    labels: labels
      .map(([name, value]) => [plain(name), plain(value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    createdAt: (Number(container.Created) || 0) * 1000,
    healthy: !/\((?:unhealthy|health: starting|Paused)\)/.test(container.Status ?? ''),
    ...reached(container, settings, named.get(NETWORK)),
  };
}

function nameOf({ Names, Id }: EngineContainer): string {
  return plain((Names?.[0] ?? String(Id).slice(0, 12)).replace(/^\//, ''));
}

/** Labels stand on one line each. */
function plain(text: string): string {
  return String(text).replace(/\p{Cc}/gu, ' ');
}

function reached(
  container: EngineContainer,
  { address, network }: DockerDiscovery,
  ownNetwork: string | undefined,
): Pick<LabelledOrigin, 'host' | 'ports'> {
  const tcp = (container.Ports ?? []).filter(({ Type }) => Type === 'tcp');
  if (container.HostConfig?.NetworkMode === 'host') return { host: LOOPBACK, ports: [] };
  const host = address === 'published' ? null : addressIn(container, ownNetwork ?? network);
  if (host !== null)
    return { host, ports: distinct(tcp.map(({ PrivatePort: port }) => ({ port, at: joined(host, port) }))) };
  const published = tcp.flatMap(({ PrivatePort: port, PublicPort, IP }) => {
    return PublicPort === undefined ? [] : [{ port, at: joined(reachable(IP), PublicPort) }];
  });
  return { host: null, ports: distinct(published) };
}

const LOOPBACK = '127.0.0.1';

function addressIn(container: EngineContainer, network: string | null): string | null {
  const networks = Object.entries(container.NetworkSettings?.Networks ?? {}).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const wanted = networks.filter(([name]) => network === null || isNetwork(name, network));
  const addresses = wanted.map(
    ([, { IPAddress, GlobalIPv6Address }]) => IPAddress || GlobalIPv6Address || '',
  );
  return addresses.find((each) => each !== '') ?? null;
}

/** Compose puts the name of the project before it: `shop_default` is `default`, too. */
function isNetwork(name: string, wanted: string): boolean {
  return name === wanted || name.endsWith(`_${wanted}`);
}

/** Ports published on every address are reachable at the loopback. */
function reachable(address: string | undefined): string {
  return address === undefined || address === '' || address === '0.0.0.0' || address === '::'
    ? LOOPBACK
    : address;
}

function joined(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A port that is published for IPv4 and IPv6 stands there twice. */
function distinct(ports: readonly { port: number; at: string }[]): { port: number; at: string }[] {
  return [...new Map(ports.toReversed().map((each) => [each.port, each])).values()].sort(
    (a, b) => a.port - b.port,
  );
}
