/** Compiles the endpoints of a route or a stream, and their use. */

import type {
  BalanceConfig,
  BreakerConfig,
  CanaryConfig,
  EjectionConfig,
  HashKey,
  HealthConfig,
  LimitsConfig,
  StickyConfig,
  UpstreamConfig,
} from '../model/config.ts';
import type { CheckedBalance, CheckedSticky } from './balance-schema.ts';
import type { EndpointList } from './endpoints.ts';
import { type CheckedHealth, compileRhythm, compileStatuses } from './health-schema.ts';

/** Keys common to both; all are optional. */
export interface UpstreamForm {
  readonly balance?: CheckedBalance | undefined;
  readonly sticky?: CheckedSticky | undefined;
  readonly health?: CheckedHealth | null | undefined;
  readonly slowStart?: number | null | undefined;
}

/** Parts that are compiled already: lists of endpoints and inherited settings. */
export interface UpstreamParts {
  readonly endpoints: EndpointList['endpoints'];
  readonly canary: CanaryConfig | null;
  readonly ejection: EjectionConfig | null;
  readonly limits: LimitsConfig;
  readonly breaker: BreakerConfig | null;
}

export function compileUpstream(form: UpstreamForm, parts: UpstreamParts): UpstreamConfig {
  return {
    endpoints: parts.endpoints,
    canary: parts.canary,
    balance: compileBalance(form.balance),
    sticky: form.sticky ? compileSticky(form.sticky) : null,
    health: form.health ? compileHealth(form.health) : null,
    ejection: parts.ejection,
    slowStartMs: form.slowStart ?? null,
    limits: parts.limits,
    breaker: parts.breaker,
  };
}

const ROUND_ROBIN: BalanceConfig = { kind: 'round-robin' };
const BY_ADDRESS: BalanceConfig = { kind: 'hash', by: { kind: 'ip' } };

function compileBalance(form: CheckedBalance | undefined): BalanceConfig {
  if (form === undefined || form === 'round-robin') return ROUND_ROBIN;
  if (form === 'hash') return BY_ADDRESS;
  if (typeof form === 'string') return { kind: form };
  return { kind: 'hash', by: hashKeyOf(form) };
}

function hashKeyOf({ hash }: Exclude<CheckedBalance, string>): HashKey {
  if (hash === 'ip') return { kind: 'ip' };
  // RFC 9110 §5.1: names of fields are compared without regard to case, those of cookies with it.
  if (hash.header !== undefined) return { kind: 'header', name: hash.header.toLowerCase() };
  return { kind: 'cookie', name: hash.cookie! };
}

function compileSticky({ cookie, maxAge }: NonNullable<CheckedSticky>): StickyConfig {
  return { cookie, maxAgeMs: maxAge ?? null };
}

function compileHealth(form: CheckedHealth): HealthConfig {
  const rhythm = compileRhythm(form);
  if (form.path === undefined) return { kind: 'tcp', ...rhythm };
  return { kind: 'http', path: form.path, ...compileStatuses(form), ...rhythm };
}
