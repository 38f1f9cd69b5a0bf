import type { ForwardReason } from './cache-lookup.ts';
import type { NotKept } from './storable.ts';

/** How an answer on a cached route came about. */
export type Outcome =
  /** `ttlS` where it is stale: how much of its time is left, so less than nothing. */
  | { readonly kind: 'hit'; readonly ttlS: number | null }
  /** Kept by a request that another one had made already. */
  | { readonly kind: 'collapsed'; readonly reason: ForwardReason }
  | {
      readonly kind: 'forwarded';
      readonly reason: ForwardReason | 'bypass' | 'method';
      /** Of the service's answer; `null`: there was none, or it is the status of this one. */
      readonly status: number | null;
      readonly kept: boolean;
      /** Why it is not kept; `null`: it is, or keeping was not considered. */
      readonly notKept: NotKept | null;
      /** It waited for another one in vain. */
      readonly waited: boolean;
      /** The service failed, and the answer is a kept one. */
      readonly staleIfError: boolean;
    }
  | { readonly kind: 'only-if-cached' };

/** The member that this gateway adds to `Cache-Status` (RFC 9211 §2). */
export function cacheStatus(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'hit':
      return outcome.ttlS === null ? 'portway; hit' : `portway; hit; ttl=${outcome.ttlS}`;
    case 'collapsed':
      return `portway; fwd=${outcome.reason}; collapsed`;
    case 'only-if-cached':
      return 'portway; detail=only-if-cached';
    case 'forwarded': {
      const { reason, status, kept, notKept, waited, staleIfError } = outcome;
      const parts = [`portway; fwd=${reason}`];
      if (status !== null) parts.push(`fwd-status=${status}`);
      if (kept) parts.push('stored');
      if (waited) parts.push('collapsed=?0');
      if (staleIfError) parts.push('detail=stale-if-error');
      else if (notKept !== null) parts.push(`detail=${notKept}`);
      return parts.join('; ');
    }
  }
}
