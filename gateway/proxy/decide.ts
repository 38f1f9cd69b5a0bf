import { GatewayError } from '../exchange/error-catalog.ts';
import { rescue } from '../exchange/rescue.ts';
import {
  admitAuthority,
  admitFieldCount,
  admitFraming,
  admitHost,
  admitTarget,
} from '../fields/admission.ts';
import type { RoutedExchange } from '../fields/exchange.ts';
import { isPublicOrigin, originOf } from '../fields/forwarded.ts';
import { withOtherForwarded } from '../fields/request-facts.ts';
import { ALLOW } from '../policy/max-forwards/max-forwards.ts';
import { applyFilters } from '../policy/order.ts';
import { type Escape, escapeOf, type OwnOrigin } from '../route/escape.ts';
import { ambiguityText } from '../route/folded-readings.ts';
import type { RouteMatch } from '../route/table.ts';
import type { Passage } from './passage.ts';

/**
 * The hops before anything is sent: is it a request that may be carried, which route owns it, and what do the filters say.
 *
 * @returns whether it goes on: to the exchange's route, or without an exchange to the gateway's own page. If not, the passage holds what
 * it is to be answered with.
 */
export function decide(passage: Passage, pseudonym: string): boolean {
  try {
    admit(passage);
    if (passage.target.kind === 'asterisk') passage.local = { status: 204, fields: ['Allow', ALLOW] };
    else passage.exchange = route(passage);
    if (passage.exchange) passage.local = applyFilters(passage.exchange, { pseudonym });
    return passage.local === null;
  } catch (cause) {
    passage.refusal = rescue(cause, 'head');
    return false;
  }
}

/** @throws GatewayError */
function admit(passage: Passage): void {
  admitFraming(passage.facts, passage.version);
  admitFieldCount(passage);
  passage.target = admitTarget(passage);
  passage.authority = admitAuthority(passage.target, passage.facts, passage.version);
  admitHost(passage.snapshot.table, passage);
}

/** @throws GatewayError `no_route` */
function route(passage: Passage): RoutedExchange | null {
  const { table } = passage.snapshot;
  const match = table.match(passage);
  if (table.leadsBack && (match === null || match.route.matcher.path === '/')) {
    const escaped = escapeOf(table, passage, match, ownOrigin(passage), passage.socket !== null);
    if (escaped !== null) return leadBack(passage, escaped);
  }
  if (match !== null) {
    refuseAmbiguity(passage, match);
    return routed(passage, match);
  }
  if (wantsPage(passage)) return null;
  throw new GatewayError('no_route', `no route takes ${passage.target.canonical}`);
}

/** What the client calls this gateway. */
export function ownOrigin(passage: Passage): OwnOrigin {
  const { origin } = originOfPassage(passage);
  return {
    port: origin.port,
    owns: (scheme, authority) => isPublicOrigin(scheme, authority, origin),
  };
}

/**
 * A browser is told where the request belongs, so that whatever follows from the answer has the right Referer again. An upgrade follows no
 * redirect: it goes on as if it had been asked for there.
 */
function leadBack(passage: Passage, { route, by, target, match }: Escape): RoutedExchange | null {
  passage.record.escaped = by;
  if (passage.socket !== null) {
    passage.target = target;
    refuseAmbiguity(passage, match);
    return routed(passage, match);
  }
  const { origin } = originOfPassage(passage);
  passage.record.route = route.id;
  passage.record.client = origin.client;
  passage.local = {
    status: 307,
    fields: ['Location', origin.outerPrefix + target.raw, 'Cache-Control', 'no-store', 'Vary', 'Referer'],
  };
  return null;
}

/** A narrower route is a wall: no spelling of a path may walk around it. @throws GatewayError `bad_target` */
function refuseAmbiguity(passage: Passage, match: RouteMatch): void {
  const other = passage.snapshot.table.otherReading(passage, match);
  if (other !== null) throw new GatewayError('bad_target', `the target ${ambiguityText(match.route, other)}`);
}

function originOfPassage({ peer, snapshot, authority, facts: sent }: Passage) {
  const facts =
    sent.otherForwarded.length > 0 && snapshot.trust.includes(peer.address) ? withOtherForwarded(sent) : sent;
  return { facts, origin: originOf(peer, snapshot.trust, authority, facts.claims) };
}

function routed(passage: Passage, match: RoutedExchange['match']): RoutedExchange {
  const { peer, authority, target, record, downstream, version, rawTarget } = passage;
  const { facts, origin } = originOfPassage(passage);
  record.route = match.route.id;
  record.client = origin.client;
  return { downstream, peer, version, rawTarget, facts, target, authority, origin, record, match };
}

function wantsPage({ target, method, snapshot, host }: Passage): boolean {
  return (
    target.canonical === '/' && (method === 'GET' || method === 'HEAD') && snapshot.table.showsPage(host)
  );
}
