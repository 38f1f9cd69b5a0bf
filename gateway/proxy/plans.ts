import type { FieldMap } from '../cache/entry.ts';
import type { RequestBody } from '../exchange/contract.ts';
import { storableFields } from '../fields/answer-fields.ts';
import { readFacts, withOtherForwarded } from '../fields/request-facts.ts';
import { editFields, type FieldEdit } from '../forward/extend.ts';
import type { HttpPlan } from '../forward/http-plan.ts';
import type { TunnelPlan } from '../forward/upgrade.ts';
import type { Routed } from './routed.ts';

/** The exchange with what its route's extension did to the fields and, where it made one of its own, with its body. */
export function extendedPlan(routed: Routed, edit: FieldEdit | null, body: RequestBody | null): HttpPlan {
  editRequest(routed, edit);
  return body === routed.body ? routed : { ...planOf(routed), body };
}

/** What the client may not say of its connection, or of where a request comes from, an extension may not either. */
export function editRequest(routed: Routed, edit: FieldEdit | null): void {
  if (edit === null) return;
  // What else of `X-Forwarded-*` is there by now comes from a trusted peer, or from the extension, which may say who the client is.
  const edited = withOtherForwarded(readFacts(editFields(routed.facts.kept, edit)));
  routed.ownKept().splice(0, Number.POSITIVE_INFINITY, ...edited.kept);
}

/** What the cache sends to the service in the place of the client: the same request with the cache's conditions in place of the client's. */
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
    // What is stored is given to everybody, and at other times.
    stickyCookie: null,
    serverTiming: false,
  };
}

/** To be changed in part. */
function planOf(routed: Routed): HttpPlan {
  const { upstream, clock, choice, stickyCookie, serverTiming, sentTarget, body } = routed;
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
    get holdMs() {
      return routed.holdMs;
    },
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
    holdMs: () => routed.holdMs,
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
