/** Schema of the targets of routes and streams, and of their settings. */

import { z } from 'zod';
import type { Target } from '../keys/target.ts';
import { count, described, flag, target } from '../keys/value.ts';

const at = described(target, 'Where it listens.', {
  defaultText: '**required**',
  also: 'address target backend url service server port to endpoint',
});

const weight = described(
  count(1, 1000),
  'Its share beside the others: of `2` and `1`, the first gets two requests of three.',
  { default: '1', also: 'share percent percentage' },
).optional();

export const endpointForm = z
  .strictObject({
    at,
    weight,
    backup: described(
      flag,
      'Whether it is only used while no other endpoint can be: all are down, ejected, or full.',
      { default: 'false' },
    ).optional(),
  })
  .meta({ id: 'endpoint', doc: { expected: 'a map with the key "at"', holder: 'an endpoint' } });

/** When all of a canary's endpoints are down, those of `to` take over: it has no backups of its own. */
const canaryEndpoint = z.strictObject({ at, weight }).meta({
  id: 'canaryEndpoint',
  doc: { expected: 'a map with the key "at"', holder: 'an endpoint of a canary' },
});

const A_LIST = { doc: { expected: 'a list of at least one target' } };

/** A list in the short form: plain targets. */
export const targets = z.array(target).min(1).meta(A_LIST);

export const to = z.union([
  target,
  endpointForm,
  z
    .array(z.union([target, endpointForm]))
    .min(1)
    .meta(A_LIST),
]);

export const canaryTo = z.union([
  target,
  canaryEndpoint,
  z
    .array(z.union([target, canaryEndpoint]))
    .min(1)
    .meta(A_LIST),
]);

export const TO_DOC = {
  expected: 'a target, or a list of them',
  type: 'target, map (see [endpoint](#endpoint)), or list of both',
  defaultText: '**required**',
  also: 'target targets upstream upstreams proxypass proxy backend backends url service server servers port endpoint endpoints',
};

/** An endpoint in long form. */
export interface CheckedEndpoint {
  readonly at: Target;
  readonly weight?: number | undefined;
  readonly backup?: boolean | undefined;
}

export type CheckedTo = Target | CheckedEndpoint | readonly (Target | CheckedEndpoint)[];
