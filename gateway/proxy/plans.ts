import type { FieldMap } from '../cache/entry.ts';
import type { BulkMemory } from '../exchange/bulk-memory.ts';
import type { Fields, RequestBody } from '../exchange/contract.ts';
import type { Clock } from '../exchange/timer-wheel.ts';
import { answerFields, storableFields } from '../fields/answer-fields.ts';
import type { RoutedExchange } from '../fields/exchange.ts';
import { readFacts, withOtherForwarded } from '../fields/request-facts.ts';
import { requestFields, type Signature } from '../fields/request-fields.ts';
import { editFields, type FieldEdit } from '../forward/extend.ts';
import type { HttpPlan } from '../forward/http-plan.ts';
import type { TunnelPlan } from '../forward/upgrade.ts';
import { limitBody } from '../policy/body-limit/body-limit.ts';
import { pageCookie } from '../policy/escape/page-cookie.ts';
import { cookieScope, withoutCookie } from '../policy/sticky-cookie/sticky-cookie.ts';
import { pageCookieName } from '../route/escape.ts';
import { forwardTarget } from '../route/forward-target.ts';
import type { Choice } from '../upstream/choice.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { ExchangeChoice } from './exchange-choice.ts';

/** What carries an exchange, beside the route's own configuration. */
export interface Carriage {
  readonly upstream: Upstream;
  readonly signature: Signature;
  readonly memory: BulkMemory;
  readonly clock: Clock;
  readonly serverTiming: boolean;
  /** Whether documents of the route are remembered, and whether the client may bring such a memory (route/escape.ts). */
  readonly remembersPage: boolean;
  readonly leadsBack: boolean;
}

/** Binds what the route says and what the filters do to what forwarding needs to know. */
export function httpPlan(exchange: RoutedExchange, carriage: Carriage): HttpPlan {
  const { match, target, downstream } = exchange;
  const { upstream, signature, memory, clock, serverTiming } = carriage;
  const choice = new ExchangeChoice(exchange);
  return {
    upstream,
    clock,
    choice,
    stickyCookie: stickyCookie(exchange, upstream, choice),
    serverTiming,
    target: forwardTarget(match, target),
    body: limitBody(downstream.body, match.route.bodyMaxBytes),
    expectsContinue: downstream.body?.expectsContinue === true,
    timeouts: match.route.timeouts,
    retries: match.route.retries,
    memory,
    requestFields: (endpoint) =>
      withoutOwnCookies(
        hopFields(exchange, requestFields(exchange, endpoint, signature)),
        exchange,
        carriage,
      ),
    answerFields: (endpoint, fields, lengthOpen) => {
      const told = answerFields(exchange, endpoint, fields, lengthOpen && takesTrailers(exchange));
      return carriage.remembersPage ? withPageCookie(told, exchange) : told;
    },
  };
}

/** Of our own hop to the service (RFC 9110 §6.6.2, §10.1.1). */
function hopFields({ downstream, facts }: RoutedExchange, fields: string[]): string[] {
  const { body } = downstream;
  if (body === null) return fields;
  if (facts.trailer !== null && body.length === null) fields.push('Trailer', facts.trailer);
  if (body.expectsContinue) fields.push('Expect', '100-continue');
  return fields;
}

/** What the client is to remember of its endpoint; `null`: the route is not sticky. */
function stickyCookie(
  exchange: RoutedExchange,
  upstream: Upstream,
  choice: Choice,
): HttpPlan['stickyCookie'] {
  if (upstream.config.sticky === null) return null;
  return (endpoint) => upstream.stickyCookie(choice, endpoint, cookieScope(exchange));
}

/** What the gateway itself keeps at the client is none of the service's business. */
function withoutOwnCookies(
  fields: Fields,
  { origin }: RoutedExchange,
  { upstream, leadsBack }: Carriage,
): Fields {
  const { sticky } = upstream.config;
  const kept = sticky === null ? fields : withoutCookie(fields, sticky.cookie);
  return leadsBack ? withoutCookie(kept, pageCookieName(origin.port)) : kept;
}

function withPageCookie(fields: string[], exchange: RoutedExchange): string[] {
  const cookie = pageCookie(exchange, fields);
  if (cookie !== null) fields.push('Set-Cookie', cookie);
  return fields;
}

/** Trailers need chunks, which HTTP/1.0 and an answer without a body have not; @fastify/http-proxy has no place for them. */
function takesTrailers({ version, downstream, match }: RoutedExchange): boolean {
  return version === '1.1' && downstream.method !== 'HEAD' && match.route.extend === null;
}

/**
 * The same with what the route's extension did to the fields and, where it made one of its own, with its body. What a client may not say
 * of its connection, or of where a request comes from, an extension may not either.
 */
export function extendedPlan(
  plan: HttpPlan,
  exchange: RoutedExchange,
  edit: FieldEdit,
  body: RequestBody | null,
): HttpPlan {
  const { kept } = exchange.facts;
  // What else of `X-Forwarded-*` is there by now comes from a trusted peer, or from the extension, which may say who the client is.
  const edited = withOtherForwarded(readFacts(editFields(kept, edit)));
  kept.splice(0, Number.POSITIVE_INFINITY, ...edited.kept);
  return { ...plan, body };
}

/** What the cache sends to the service in the place of the client: the same request with the cache's conditions in place of the client's. */
export function fetchPlan(plan: HttpPlan, conditions: FieldMap): HttpPlan {
  const set = new Map(
    CONDITIONS.flatMap((name) => (conditions[name] ? [[name, [conditions[name]].flat()] as const] : [])),
  );
  const edit = { removed: new Set(CONDITIONS), set };
  return {
    ...plan,
    requestFields: (endpoint) => editFields(plan.requestFields(endpoint), edit),
    answerFields: (_endpoint, fields) => storableFields(fields),
    // What is stored is given to everybody, and at other times.
    stickyCookie: null,
    serverTiming: false,
  };
}

const CONDITIONS = ['if-none-match', 'if-modified-since'];

export function tunnelPlan(exchange: RoutedExchange, carriage: Carriage): TunnelPlan {
  const { match, target, downstream } = exchange;
  const { upstream, signature, memory } = carriage;
  const choice = new ExchangeChoice(exchange);
  return {
    upstream,
    choice,
    stickyCookie: stickyCookie(exchange, upstream, choice),
    method: downstream.method,
    target: forwardTarget(match, target),
    timeouts: match.route.timeouts,
    retries: match.route.retries,
    memory,
    requestFields: (endpoint) => [
      ...withoutOwnCookies(requestFields(exchange, endpoint, signature), exchange, carriage),
      'Connection',
      'Upgrade',
      'Upgrade',
      'websocket',
    ],
    answerFields: (endpoint, fields) => answerFields(exchange, endpoint, fields, false),
  };
}
