import { CHALLENGE_PREFIX } from '../acme/challenge-path.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { rescue } from '../exchange/rescue.ts';
import {
  admitAuthority,
  admitFieldCount,
  admitFraming,
  admitHost,
  admitTarget,
  secureLocation,
} from '../fields/admission.ts';
import { ALLOW } from '../policy/loop/loop.ts';
import { hostOf } from '../route/authority.ts';
import { type Escape, escapeOf, pageAtName } from '../route/escape.ts';
import { ambiguityText } from '../route/folded-readings.ts';
import type { RouteMatch } from '../route/table.ts';
import type { AnsweredHere, Exchange, ExchangeState } from './exchange.ts';
import { Routed } from './routed.ts';
import type { ExchangeContext } from './taken-exchange.ts';

/** Where an exchange stands once its head is read. */
export type Decision = Exclude<ExchangeState, { kind: 'arrived' | 'over' }>;

/** Is it a request that may be carried, and which route owns it? Whether the route's policies let it pass is asked in the lane that carries it. */
export function decide(exchange: Exchange, context: ExchangeContext): Decision {
  try {
    admit(exchange);
    const { canonical } = exchange.target;
    const proof = canonical.startsWith(CHALLENGE_PREFIX) ? context.challenges.httpAnswer(canonical) : null;
    if (proof !== null) return answered({ status: 200, fields: CHALLENGE_FIELDS, body: Buffer.from(proof) });
    admitHost(exchange.snapshot.table, exchange);
    const secured = secureLocation(exchange.snapshot.config, exchange);
    if (secured !== null) return answered({ status: 308, fields: ['Location', secured] });
    if (exchange.target.kind === 'asterisk') return answered({ status: 204, fields: ['Allow', ALLOW] });
    return route(exchange, context);
  } catch (cause) {
    return { kind: 'refused', error: rescue(cause, 'head'), routed: null };
  }
}

const CHALLENGE_FIELDS = ['Content-Type', 'application/octet-stream', 'Cache-Control', 'no-store'];

function answered(answer: AnsweredHere['answer']): AnsweredHere {
  return { kind: 'answered', answer, routed: null };
}

/** @throws GatewayError */
function admit(exchange: Exchange): void {
  admitFraming(exchange.facts, exchange.version);
  admitFieldCount(exchange);
  exchange.target = admitTarget(exchange);
  exchange.authority = admitAuthority(exchange.target, exchange.facts, exchange.version);
  const { authority, facts } = exchange;
  exchange.host = authority === facts.host ? facts.hostName : hostOf(authority);
}

/** @throws GatewayError `no_route` */
function route(exchange: Exchange, context: ExchangeContext): Decision {
  const { table } = exchange.snapshot;
  if (table.isDashboard(exchange.host)) return DASHBOARD;
  const match = table.match(exchange);
  if (table.leadsBack && (match === null || match.route.matcher.path === '/')) {
    const escaped = escapeOf(table, exchange, match, exchange.ownOrigin, exchange.isUpgrade);
    if (escaped !== null) return leadBack(exchange, escaped, context);
  }
  if (match !== null) return routed(exchange, match, context);
  if (wantsPage(exchange)) return PAGE;
  throw new GatewayError('no_route', exchange.target.canonical);
}

const PAGE: Decision = { kind: 'page' };
const DASHBOARD: Decision = { kind: 'dashboard' };

/**
 * Redirects a browser below the route, so that its next requests have the right Referer. An upgrade follows no redirects: it is routed as
 * if it had asked there.
 */
function leadBack(
  exchange: Exchange,
  { route, by, target, match }: Escape,
  context: ExchangeContext,
): Decision {
  exchange.record.escaped = by;
  if (exchange.isUpgrade) {
    exchange.target = target;
    return routed(exchange, match, context);
  }
  const { origin } = exchange.believed;
  exchange.record.route = route.id;
  exchange.record.client = origin.client;
  const location = origin.outerPrefix + target.raw;
  const fields = ['Location', location, 'Cache-Control', 'no-store', 'Vary', 'Referer'];
  return answered({ status: 307, fields });
}

/** A narrower route is a wall: no spelling of a path may walk around it. @throws GatewayError `bad_target` */
function routed(exchange: Exchange, match: RouteMatch, context: ExchangeContext): Decision {
  const other = exchange.snapshot.table.otherReading(exchange, match);
  if (other !== null) throw new GatewayError('bad_target', `the target ${ambiguityText(match.route, other)}`);
  const { origin, facts } = exchange.believed;
  exchange.record.route = match.route.id;
  exchange.record.client = origin.client;
  const location = match.route.escape === 'name' ? locationAtName(exchange, match) : null;
  if (location !== null)
    return answered({ status: 307, fields: ['Location', location, 'Cache-Control', 'no-store'] });
  return new Routed(exchange, match, origin, facts, context);
}

function locationAtName(exchange: Exchange, match: RouteMatch): string | null {
  if (exchange.isUpgrade) return null;
  return pageAtName(exchange.snapshot.table, exchange, match, exchange.ownOrigin);
}

function wantsPage({ target, method, snapshot, host }: Exchange): boolean {
  return (
    target.canonical === '/' && (method === 'GET' || method === 'HEAD') && snapshot.table.showsPage(host)
  );
}
