import type { FieldMap } from '../cache/entry.ts';
import type { RequestBody } from '../exchange/contract.ts';
import { storableFields } from '../fields/answer-fields.ts';
import { readFacts, withOtherForwarded } from '../fields/request-facts.ts';
import { editFields, type FieldEdit } from '../forward/extend.ts';
import type { HttpPlan } from '../forward/http-plan.ts';
import type { TunnelPlan } from '../forward/upgrade.ts';
import type { Routed } from './routed.ts';

/** The plan of an exchange with the changes of its route's extension, and with the extension's body if it made one. */
export function extendedPlan(routed: Routed, edit: FieldEdit | null, body: RequestBody | null): HttpPlan {
  editRequest(routed, edit);
  return body === routed.body ? routed : { ...planOf(routed), body };
}

/** Applies an extension's changes. Fields of the connection and claims of origin are ignored from it, as from clients. */
export function editRequest(routed: Routed, edit: FieldEdit | null): void {
  if (edit === null) return;
  // Other `X-Forwarded-*` fields come from a trusted peer here, or from the extension, which may name the client.
  const edited = withOtherForwarded(readFacts(editFields(routed.facts.kept, edit)));
  routed.ownKept().splice(0, Number.POSITIVE_INFINITY, ...edited.kept);
}

/** The plan of a cache's own request: the client's, with the cache's conditions in place of the client's. */
export function fetchPlan(routed: Routed, conditions: FieldMap): HttpPlan {
  const set = new Map(
    CONDITIONS.flatMap((name) => (conditions[name] ? [[name, [conditions[name]].flat()] as const] : [])),
  );
  const edit = { removed: new Set(CONDITIONS), set };
  return {
    ...planOf(routed),
    requestFields: (endpoint) => editFields(routed.requestFields(endpoint), edit),
    answerFields: (_endpoint, fields) => storableFields(fields),
    informationalFields: (_endpoint, fields) => storableFields(fields),
    // A stored answer goes to other clients, and later.
    stickyCookie: null,
    serverTiming: false,
  };
}

/** To be changed in part. */
function planOf(routed: Routed): HttpPlan {
  const { upstream, clock, choice, stickyCookie, serverTiming, sentTarget, body } = routed;
  // No getter in the literal: V8 gives such an object a shape of its own in the old generation, which would hold on to the whole exchange.
  const { expectsContinue, timeouts, retries, mirror, memory, holds, decidedFields } = routed;
  return {
    upstream,
    clock,
    choice,
    stickyCookie,
    serverTiming,
    sentTarget,
    body,
    mirror,
    expectsContinue,
    timeouts,
    retries,
    memory,
    holds,
    decidedFields,
    holdMs: () => routed.holdMs(),
    requestFields: (endpoint) => routed.requestFields(endpoint),
    answerFields: (endpoint, fields, lengthOpen) => routed.answerFields(endpoint, fields, lengthOpen),
    informationalFields: (endpoint, fields) => routed.informationalFields(endpoint, fields),
  };
}

/** An upgrade: the same request, and a handshake with it. */
export function tunnelPlan(routed: Routed): TunnelPlan {
  const { upstream, stickyCookie, sentTarget, timeouts, retries, memory, holds, pace } = routed;
  return {
    upstream,
    choice: routed,
    stickyCookie,
    method: routed.downstream.method,
    pace,
    target: sentTarget,
    timeouts,
    retries,
    memory,
    holds,
    holdMs: () => routed.holdMs(),
    requestFields: (endpoint) => [
      ...routed.requestFields(endpoint),
      'Connection',
      'Upgrade',
      'Upgrade',
      'websocket',
    ],
    answerFields: (endpoint, fields) => routed.handshakeFields(endpoint, fields),
    informationalFields: (endpoint, fields) => routed.informationalFields(endpoint, fields),
  };
}

const CONDITIONS = ['if-none-match', 'if-modified-since'];
