import type { GatewayConfig, PolicySettings, RouteConfig } from '../model/config.ts';
import { allow, deny } from './addresses/addresses.ts';
import { auth, withoutSessions } from './auth/auth.ts';
import { bandwidth } from './bandwidth/bandwidth.ts';
import { foreseeLargeBody, refuseLargeBody } from './body-limit/body-limit.ts';
import { compress } from './compress/compress.ts';
import { concurrent, userConcurrent } from './concurrent/concurrent.ts';
import { cors } from './cors/cors.ts';
import { errorPages } from './error-pages/error-pages.ts';
import { escapeScript } from './escape/scripted-answer.ts';
import { headers } from './headers/headers.ts';
import { countForwards, foreseeForwards, refuseLoop } from './loop/loop.ts';
import { redirectNavigation } from './navigation/navigation.ts';
import { type BoundPolicy, type Policy, policyOfAll } from './policy.ts';
import { rateLimit, userRateLimit } from './rate-limit/rate-limit.ts';
import { respond } from './respond/respond.ts';
import { RoutePolicies } from './route-policies.ts';

/**
 * The policies in the order in which an exchange passes them: first those that protect the gateway, then those that answer in place of the
 * service, then those that depend on the route's limits, last those that change fields. A new policy is a folder, and a line here.
 */
export const POLICIES: readonly Policy[] = [
  policyOfAll('loop', 'A request that has passed this gateway before is 508.', 'via', refuseLoop),
  deny,
  allow,
  cors,
  rateLimit,
  concurrent,
  policyOfAll(
    'max-forwards',
    'OPTIONS with `Max-Forwards` counts down, and is answered here at 0.',
    'maxForwards',
    countForwards,
    foreseeForwards,
  ),
  auth,
  userRateLimit,
  userConcurrent,
  bandwidth,
  respond,
  policyOfAll(
    'navigation',
    'A browser that opens `/db` is sent to `/db/`, where the prefix is stripped.',
    'fetchMode',
    redirectNavigation,
  ),
  policyOfAll(
    'body-limit',
    'A body of more than `bodyMax` is 413.',
    'body',
    refuseLargeBody,
    foreseeLargeBody,
  ),
  errorPages,
  headers,
  // Last, so that everything which others put into an answer is compressed, too.
  compress,
];

/** Their keys of the configuration. */
export const POLICY_KEYS = POLICIES.flatMap(({ key }) => (key === null ? [] : [[key.key, key.row] as const]));

/**
 * @param written the settings of the top level or of a route. @param base the inherited settings; `null`: none
 * @param folder the folder of the configuration
 */
export function compilePolicyKeys(
  written: Readonly<Record<string, unknown>>,
  base: PolicySettings | null,
  folder: string,
): PolicySettings {
  const settings = POLICY_KEYS.map(([key, { own, compile }]) => [
    key,
    compile(written[key], base === null ? own : base[key], folder),
  ]);
  return Object.fromEntries(settings);
}

/** The top-level settings that apply where no route takes a request. */
export function unroutedSettings({ errorPages: pages = null }: PolicySettings): PolicySettings {
  return { errorPages: pages };
}

export function unroutedPolicies({ unrouted }: Pick<GatewayConfig, 'unrouted'>): RoutePolicies {
  return new RoutePolicies([errorPages], unrouted);
}

/** The part of the configuration, beside the route, on which policies of a route depend. */
type PolicyConfig = Pick<GatewayConfig, 'routes' | 'admin'>;

/**
 * Hooks that all routes together determine for each of them. Ask once for many: for 10,000 routes, asking for each took half of a start.
 */
export function sessionsOf(
  { routes, admin }: PolicyConfig,
  ofAdmin = admin?.token !== undefined,
): BoundPolicy | null {
  return withoutSessions(routes, ofAdmin);
}

export function policiesOf(
  route: RouteConfig,
  config: PolicyConfig,
  sessions = sessionsOf(config),
): RoutePolicies {
  return new RoutePolicies(POLICIES, route.policies, [
    { name: 'escape', hooks: escapeScript(route, config.routes) },
    { name: 'sessions', hooks: sessions },
  ]);
}

/** Policies with settings that only the disk can prove wrong. */
export const CHECKED_ON_DISK = POLICIES.flatMap(({ key }) =>
  key?.faults ? [{ key: key.key, faults: key.faults }] : [],
);

/** The settings without private ones. */
export function shownSettings(settings: PolicySettings): PolicySettings {
  const shown = POLICIES.flatMap(({ key }) =>
    key === null ? [] : [[key.key, key.shown(settings[key.key])] as const],
  );
  return Object.fromEntries(shown);
}
