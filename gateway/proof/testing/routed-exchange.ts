import type { RequestBody } from '../../exchange/contract.ts';
import type { Peer } from '../../exchange/peer.ts';
import { newExchangeRecord } from '../../exchange/record.ts';
import { admitAuthority, admitTarget } from '../../fields/admission.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import { originOf, TrustedPeers } from '../../fields/forwarded.ts';
import { readFacts } from '../../fields/request-facts.ts';
import { hostOf } from '../../route/authority.ts';
import { buildRouteTable } from '../../route/table.ts';
import { type RouteOverrides, routeConfig } from './route-config.ts';

export interface ExchangeOverrides {
  readonly method?: string;
  readonly target?: string;
  /** `Host` comes first unless it is among them. */
  readonly fields?: readonly string[];
  readonly version?: string;
  readonly body?: RequestBody | null;
  readonly peer?: Partial<Peer>;
  /** Addresses whose word is taken. */
  readonly trust?: readonly string[];
  readonly path?: string;
  readonly route?: RouteOverrides;
  readonly bodyMaxBytes?: number;
  readonly rewrite?: boolean;
}

/** An exchange that the route `/db` (or `path`) has taken, made by the very code that makes it in the gateway. */
export function routedExchange(overrides: ExchangeOverrides = {}): RoutedExchange {
  const {
    method = 'GET',
    target: rawTarget = '/db/x',
    version = '1.1',
    path = '/db',
    body = null,
  } = overrides;
  const fields = ['Host', 'gateway.test:3000', ...(overrides.fields ?? [])];
  const peer = { address: '192.0.2.7', secure: false, ...overrides.peer };
  const downstream = { method, fields, body };
  const facts = readFacts(fields);
  const target = admitTarget({ downstream, peer, version, rawTarget });
  const authority = admitAuthority(target, facts, version);
  const origin = originOf(peer, new TrustedPeers(overrides.trust ?? []), authority, facts.claims);
  const route = {
    ...routeConfig(path, overrides.route),
    bodyMaxBytes: overrides.bodyMaxBytes ?? null,
    rewrite: overrides.rewrite ?? true,
  };
  const match = buildRouteTable([route]).match({
    method,
    target,
    host: hostOf(authority),
    header: () => undefined,
  });
  if (match === null) throw new Error(`the route ${path} does not take ${rawTarget}`);
  const record = newExchangeRecord('request-id', method, rawTarget, `HTTP/${version}`, origin.client);
  return {
    downstream,
    peer,
    version,
    rawTarget,
    facts,
    ownKept: () => facts.kept,
    target,
    authority,
    origin,
    record,
    match,
    user: null,
    personal: false,
    addToAnswer: () => {},
    keepPace: () => {},
    whenOver: () => {},
    ownHost: false,
    signal: new AbortController().signal,
  };
}

/** The values of every field of that name. */
export function valuesOf(fields: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === name.toLowerCase()) values.push(fields[i + 1]!);
  }
  return values;
}
