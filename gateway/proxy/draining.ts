import type { LongLivedExchanges } from '../exchange/long-lived.ts';
import type { HttpListener } from '../listener/http.ts';
import type { Streams } from '../listener/streams/streams.ts';
import type { InFlight } from './in-flight.ts';

/** What takes traffic in, and what is under way. */
export interface Draining {
  readonly listener: HttpListener;
  readonly streams: Streams;
  readonly longLived: LongLivedExchanges;
  readonly inFlight: InFlight;
}

/** What has no end of its own is ended at once, the rest may finish. @returns whether all did in time. */
export function drain(
  { listener, streams, longLived, inFlight }: Draining,
  deadlineMs: number,
): Promise<boolean> {
  listener.stopAccepting('close');
  streams.stopAccepting();
  longLived.closeAll();
  return inFlight.empty(deadlineMs);
}

/**
 * A connection that is closed while the client sends its next request on it would lose that request. So each connection is
 * told to close by the answer to a last one; only those that have been silent all this time are closed without.
 */
export async function drainGently(
  { listener, streams, longLived, inFlight }: Draining,
  deadlineMs: number,
): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  listener.stopAccepting('leave');
  streams.stopAccepting();
  await listener.emptied(Math.min(SILENCE_MS, deadlineMs / 2));
  listener.closeIdle();
  await inFlight.empty(Math.max(deadline - performance.now() - LAST_WORDS_MS, 0));
  longLived.closeAll();
  return inFlight.empty(LAST_WORDS_MS);
}

const SILENCE_MS = 5_000;
/** For what was written to leave, when what lasts is ended at the deadline. */
const LAST_WORDS_MS = 200;
