import { answerFields } from '../filter/answer-fields.ts';
import { limitBody } from '../filter/body-limit.ts';
import type { RoutedExchange } from '../filter/exchange.ts';
import { requestFields, type Signature } from '../filter/request-fields.ts';
import type { RequestBody } from '../forward/exchange.ts';
import { editFields, type FieldEdit } from '../forward/extend.ts';
import type { HttpPlan } from '../forward/http.ts';
import type { TunnelPlan } from '../forward/upgrade.ts';
import { forwardTarget } from '../route/forward-target.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** Binds what the route says and what the filters do to what forwarding needs to know. */
export function httpPlan(exchange: RoutedExchange, upstream: Upstream, signature: Signature): HttpPlan {
  const { match, target, downstream } = exchange;
  return {
    upstream,
    target: forwardTarget(match, target),
    body: limitBody(downstream.body, match.route.bodyMaxBytes),
    timeouts: match.route.timeouts,
    requestFields: (endpoint) => requestFields(exchange, endpoint.authority, signature),
    answerFields: (endpoint, fields, announceTrailers) =>
      answerFields(exchange, endpoint.authority, fields, announceTrailers),
  };
}

/** The same with what the route's extension did to the fields and, where it made one of its own, with its body. */
export function extendedPlan(
  plan: HttpPlan,
  exchange: RoutedExchange,
  edit: FieldEdit,
  body: RequestBody | null,
): HttpPlan {
  exchange.facts.kept.splice(0, Number.POSITIVE_INFINITY, ...editFields(exchange.facts.kept, edit));
  return { ...plan, body };
}

export function tunnelPlan(exchange: RoutedExchange, upstream: Upstream, signature: Signature): TunnelPlan {
  const { match, target, downstream } = exchange;
  return {
    upstream,
    method: downstream.method,
    target: forwardTarget(match, target),
    timeouts: match.route.timeouts,
    requestFields: (endpoint) => [
      ...requestFields(exchange, endpoint.authority, signature),
      'Connection',
      'Upgrade',
      'Upgrade',
      'websocket',
    ],
    answerFields: (endpoint, fields) => answerFields(exchange, endpoint.authority, fields, false),
  };
}
