import type { Peer } from '../exchange/peer.ts';
import { secureLocation } from '../fields/admission.ts';
import type { RoutedHead } from '../fields/exchange.ts';
import { originOf, TrustedPeers } from '../fields/forwarded.ts';
import { readFacts, withOtherForwarded } from '../fields/request-facts.ts';
import type { GatewayConfig } from '../model/config.ts';
import { hostOf } from '../route/authority.ts';
import type { ExplainInput, PolicyVerdict } from '../route/explanation.ts';
import type { RouteTable } from '../route/table.ts';
import { parseTarget } from '../route/target.ts';
import { policiesOf } from './order.ts';
import type { RoutePolicies } from './route-policies.ts';

/** The policies' verdicts for a hypothetical request. */
export interface Foreseen {
  readonly exchange: RoutedHead;
  readonly policies: RoutePolicies;
  readonly verdicts: readonly PolicyVerdict[];
  /** With `Host`. */
  readonly sent: readonly (readonly [name: string, value: string])[];
}

/** @returns null where no route takes it. */
export function foreseen(table: RouteTable, config: GatewayConfig, input: ExplainInput): Foreseen | null {
  const parsed = parseTarget(input.target);
  if (!parsed.ok) return null;
  const { target } = parsed;
  const authority = target.authority ?? input.host ?? 'localhost';
  const sent = [['Host', authority] as const, ...(input.headers ?? [])];
  const header = (lowerName: string) => sent.find(([name]) => name.toLowerCase() === lowerName)?.[1];
  const match = table.match({ method: input.method, target, host: hostOf(authority), header });
  if (!match) return null;
  const peer = peerOf(input, config);
  const trust = new TrustedPeers(config.trustProxy);
  const read = readFacts(sent.flat());
  const facts = trust.includes(peer.address) ? withOtherForwarded(read) : read;
  const origin = originOf(peer, trust, authority, facts.claims);
  // A gateway that runs may know that the service refuses its name.
  const exchange = { facts, peer, origin, version: '1.1', authority, match, user: null, ownHost: false };
  const policies = policiesOf(match.route, config);
  const verdicts = policies.foresee({ ...exchange, method: input.method, target });
  return { exchange, policies, verdicts, sent };
}

/** By default, the request comes from this machine, and over TLS where the gateway speaks it and no `http://` is said. */
export function peerOf({ from = '127.0.0.1', target }: ExplainInput, { tls }: GatewayConfig): Peer {
  return { address: from, secure: tls !== null && !/^http:/i.test(target) };
}

/** How the gateway answers plain HTTP before a route is looked for, where only https is served. */
export function plainHttp(config: GatewayConfig, input: ExplainInput): Pick<ExplainInput, 'first'> {
  const parsed = parseTarget(input.target);
  if (!parsed.ok) return {};
  const { target } = parsed;
  const authority = target.authority ?? input.host ?? 'localhost';
  const peer = peerOf(input, config);
  const { claims } = readFacts((input.headers ?? []).flat());
  const origin = originOf(peer, new TrustedPeers(config.trustProxy), authority, claims);
  try {
    const location = secureLocation(config, { target, authority, peer, believed: { origin } });
    return location === null
      ? {}
      : { first: { policy: 'tls', status: 308, location, says: `plain HTTP is sent to ${location}` } };
  } catch {
    return { first: { policy: 'tls', status: 400, says: REQUIRED } };
  }
}

const REQUIRED =
  'plain HTTP is refused where `clientCertificates` are required (tls_expected): ask by https://';
