/** How much may still be sent: `burst` at once, then `perSecond`. Counts time by a clock that never goes back. */
export interface TokenBucket {
  /** Takes one; or says in how many milliseconds there will be one. */
  take(): { readonly ok: true } | { readonly ok: false; readonly retryMs: number };
}

export function createTokenBucket(
  limit: { readonly burst: number; readonly perSecond: number },
  now: () => number = () => performance.now(),
): TokenBucket {
  let tokens = limit.burst;
  let at = now();
  return {
    take() {
      const elapsed = now() - at;
      at += elapsed;
      tokens = Math.min(limit.burst, tokens + (elapsed / 1000) * limit.perSecond);
      if (tokens < 1) return { ok: false, retryMs: Math.ceil(((1 - tokens) / limit.perSecond) * 1000) };
      tokens -= 1;
      return { ok: true };
    },
  };
}
