/** What holds for every route that does not say otherwise: the top level of the file, and where that is silent, the gateway's own. */

import type {
  BreakerConfig,
  EjectionConfig,
  LaneChoice,
  LimitsConfig,
  OverloadConfig,
  RetriesConfig,
  TimeoutsConfig,
} from '../model/config.ts';
import type { CheckedEjection } from './health-schema.ts';
import { EJECTION_DEFAULTS, ejectionForm } from './health-schema.ts';
import {
  BREAKER_DEFAULTS,
  breakerForm,
  type CheckedBreaker,
  type CheckedLimits,
  type CheckedOverload,
  type CheckedRetries,
  LIMIT_DEFAULTS,
  limits,
  OVERLOAD_DEFAULTS,
  overloadForm,
  RETRY_DEFAULTS,
  retriesForm,
} from './protection-schema.ts';
import { type CheckedTimeouts, TIMEOUT_DEFAULTS, timeouts } from './route-schema.ts';
import { integerOf } from './scalar.ts';

export interface RouteDefaults {
  readonly timeouts: TimeoutsConfig;
  /** `null`: unlimited. */
  readonly bodyMaxBytes: number | null;
  readonly retries: RetriesConfig;
  readonly limits: LimitsConfig;
  readonly breaker: BreakerConfig | null;
  readonly ejection: EjectionConfig | null;
  readonly lane: LaneChoice;
}

/** The keys of the top level that are about routes. */
export interface TopLevel {
  readonly timeouts?: CheckedTimeouts | undefined;
  readonly bodyMax?: number | null | undefined;
  readonly retries?: CheckedRetries | undefined;
  readonly limits?: CheckedLimits | undefined;
  readonly breaker?: CheckedBreaker | undefined;
  readonly ejection?: CheckedEjection | undefined;
  readonly lane?: LaneChoice | undefined;
}

export function compileDefaults(top: TopLevel): RouteDefaults {
  return {
    timeouts: compileTimeouts(top.timeouts, OWN_TIMEOUTS),
    bodyMaxBytes: top.bodyMax ?? null,
    retries: compileRetries(top.retries, OWN_RETRIES),
    limits: compileLimits(top.limits, OWN_LIMITS),
    breaker: compileBreaker(top.breaker, null),
    ejection: compileEjection(top.ejection, OWN_EJECTION),
    lane: top.lane ?? 'auto',
  };
}

// Each takes what is written at one place, and what holds where that is silent. Nothing written: the very same object, because
// ten thousand routes mostly say nothing.

export function compileTimeouts(form: CheckedTimeouts | undefined, base: TimeoutsConfig): TimeoutsConfig {
  if (form === undefined) return base;
  return {
    connectMs: form.connect ?? base.connectMs,
    responseMs: form.response ?? base.responseMs,
    idleMs: form.idle ?? base.idleMs,
    tunnelIdleMs: form.tunnelIdle ?? base.tunnelIdleMs,
  };
}

export function compileLimits(form: CheckedLimits | undefined, base: LimitsConfig): LimitsConfig {
  if (form === undefined) return base;
  return {
    connections: form.connections ?? base.connections,
    waiting: form.waiting ?? base.waiting,
    waitMs: form.wait ?? base.waitMs,
  };
}

/** Switched off it is one attempt; switched on again below that, it is the gateway's own. */
export function compileRetries(form: CheckedRetries | undefined, base: RetriesConfig): RetriesConfig {
  if (form === undefined) return base;
  if (form === null) return { ...base, attempts: 1 };
  const { attempts } = base.attempts === 1 && Object.keys(form).length === 0 ? OWN_RETRIES : base;
  return {
    attempts: form.attempts ?? attempts,
    budget: form.budget ?? base.budget,
    // `null` is a value here: it takes the limit of the top level away.
    perTryMs: form.perTry === undefined ? base.perTryMs : form.perTry,
  };
}

/** @param base `null`: off, and for who switches it on the gateway's own hold */
export function compileBreaker(
  form: CheckedBreaker | undefined,
  base: BreakerConfig | null,
): BreakerConfig | null {
  if (form === undefined) return base;
  if (form === null) return null;
  const below = base ?? OWN_BREAKER;
  return {
    rate: form.rate ?? below.rate,
    requests: form.requests ?? below.requests,
    windowMs: form.window ?? below.windowMs,
    openMs: form.open ?? below.openMs,
    probes: form.probes ?? below.probes,
  };
}

/** @param base `null`: off, and for who switches it on the gateway's own hold */
export function compileEjection(
  form: CheckedEjection | undefined,
  base: EjectionConfig | null,
): EjectionConfig | null {
  if (form === undefined) return base;
  if (form === null) return null;
  const below = base ?? OWN_EJECTION;
  return {
    failures: form.failures ?? below.failures,
    rate: form.rate ?? below.rate,
    requests: form.requests ?? below.requests,
    windowMs: form.window ?? below.windowMs,
    forMs: form.for ?? below.forMs,
    maxShare: form.max ?? below.maxShare,
  };
}

export function compileOverload(form: CheckedOverload | undefined): OverloadConfig | null {
  if (form === undefined) return OWN_OVERLOAD;
  if (form === null) return null;
  return {
    eventLoopDelayMs: form.eventLoopDelay ?? OWN_OVERLOAD.eventLoopDelayMs,
    memoryBytes: form.memory ?? OWN_OVERLOAD.memoryBytes,
    retryAfterMs: form.retryAfter ?? OWN_OVERLOAD.retryAfterMs,
  };
}

const ownTimeouts = timeouts.required().parse(TIMEOUT_DEFAULTS);
const ownLimits = limits.required().parse(asWritten(LIMIT_DEFAULTS));
const ownRetries = retriesForm.required({ attempts: true, budget: true }).parse(asWritten(RETRY_DEFAULTS));
const ownBreaker = breakerForm.required().parse(asWritten(BREAKER_DEFAULTS));
const ownEjection = ejectionForm.required().parse(asWritten(EJECTION_DEFAULTS));
const ownOverload = overloadForm.required().parse(asWritten(OVERLOAD_DEFAULTS));

const OWN_TIMEOUTS: TimeoutsConfig = {
  connectMs: ownTimeouts.connect,
  responseMs: ownTimeouts.response,
  idleMs: ownTimeouts.idle,
  tunnelIdleMs: ownTimeouts.tunnelIdle,
};

export const OWN_LIMITS: LimitsConfig = {
  connections: ownLimits.connections,
  waiting: ownLimits.waiting,
  waitMs: ownLimits.wait,
};

const OWN_RETRIES: RetriesConfig = {
  attempts: ownRetries.attempts,
  budget: ownRetries.budget,
  perTryMs: null,
};

const OWN_BREAKER: BreakerConfig = {
  rate: ownBreaker.rate,
  requests: ownBreaker.requests,
  windowMs: ownBreaker.window,
  openMs: ownBreaker.open,
  probes: ownBreaker.probes,
};

const OWN_EJECTION: EjectionConfig = {
  failures: ownEjection.failures,
  rate: ownEjection.rate,
  requests: ownEjection.requests,
  windowMs: ownEjection.window,
  forMs: ownEjection.for,
  maxShare: ownEjection.max,
};

const OWN_OVERLOAD: OverloadConfig = {
  eventLoopDelayMs: ownOverload.eventLoopDelay,
  memoryBytes: ownOverload.memory,
  retryAfterMs: ownOverload.retryAfter,
};

/** Values as the file has them. */
function asWritten(texts: Readonly<Record<string, string>>): Record<string, string | number> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, integerOf(text) ?? text]));
}
