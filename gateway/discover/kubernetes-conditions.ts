/** Conditions in the status of an object, as all of Kubernetes writes them. */

import type { ApiObject } from './kubernetes-api.ts';
import { listOf } from './kubernetes-objects.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** Adds the time of its last transition. @param before the present conditions */
export function datedAs(condition: Condition, before: unknown, observedGeneration: number): ApiObject {
  const same = listOf(before).find(
    ({ type, status }) => type === condition.type && status === condition.status,
  );
  const lastTransitionTime = same?.lastTransitionTime ?? `${new Date().toISOString().slice(0, 19)}Z`;
  return { ...condition, observedGeneration, lastTransitionTime };
}
