/** When something is done. Instants are milliseconds since the epoch; `random` is from 0 to 1. */

/**
 * With a third of its time left, and a little before that: certificates that were had together are not renewed together. Those of a few
 * days are renewed at the half (as Let's Encrypt advises for them).
 */
export function renewalTime(notBefore: number, notAfter: number, random: number): number {
  const lifetime = notAfter - notBefore;
  const share = lifetime < SHORT_MS ? 1 / 2 : 2 / 3;
  return Math.round(notBefore + lifetime * (share - random / 30));
}

/**
 * How long a new certificate is not renewed, whatever its dates and its directory say: with a wrong clock on one side, orders would follow
 * each other.
 */
export function leftAlone(lifetime: number): number {
  return Math.min(Math.max(lifetime / 4, MINUTE_MS), LEFT_ALONE_MAX_MS);
}

/** @param failures in a row, this one included. @param retryAfterMs as the directory demanded */
export function nextTry(failures: number, retryAfterMs: number | null, now: number, random: number): number {
  const backoff = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), WAIT_MAX_MS) * (1 + random / 4);
  return Math.round(now + Math.max(backoff, Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS)));
}

/**
 * After a restart the wait is shorter, but a process that is restarted over and over still asks no more often than a directory allows.
 * @param triedAt when it last failed
 */
export function nextTryAfterStart(
  triedAt: number | null,
  nextTryAt: number | null,
  limited: boolean,
): number | null {
  if (nextTryAt === null || limited) return nextTryAt;
  return Math.min(nextTryAt, (triedAt ?? 0) + AFTER_START_MS);
}

/** Somewhere in the window (RFC 9773 §4.2). */
export function instantIn(
  { start, end }: { readonly start: number; readonly end: number },
  random: number,
): number {
  return Math.round(start + (end - start) * random);
}

/** When to ask for the window again. @param waitMs as the directory demanded */
export function nextLook(waitMs: number | null, now: number): number {
  return now + Math.min(Math.max(waitMs ?? LOOK_MS, LOOK_MIN_MS), LOOK_MAX_MS);
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SHORT_MS = 10 * 24 * HOUR_MS;
const FIRST_WAIT_MS = 5 * MINUTE_MS;
const WAIT_MAX_MS = 6 * HOUR_MS;
const RETRY_AFTER_MAX_MS = 24 * HOUR_MS;
const AFTER_START_MS = 15 * MINUTE_MS;
const LEFT_ALONE_MAX_MS = 6 * HOUR_MS;
const LOOK_MS = 6 * HOUR_MS;
const LOOK_MIN_MS = 10 * MINUTE_MS;
const LOOK_MAX_MS = 24 * HOUR_MS;
