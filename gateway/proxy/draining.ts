import { setImmediate as nextTurn } from 'node:timers/promises';
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
export async function drain(draining: Draining, deadlineMs: number): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  stopAccepting(draining);
  draining.longLived.closeAll();
  await closeSilent(draining.listener, Math.min(BRIEF_SILENCE_MS, deadlineMs / 2));
  return draining.inFlight.empty(Math.max(deadline - performance.now(), 0));
}

/** What has no end of its own goes on up to the deadline, and clients that ask seldom may ask once more. */
export async function drainGently(draining: Draining, deadlineMs: number): Promise<boolean> {
  const { listener, longLived, inFlight } = draining;
  const deadline = performance.now() + deadlineMs;
  stopAccepting(draining);
  await closeSilent(listener, Math.min(SILENCE_MS, deadlineMs / 2));
  await inFlight.empty(Math.max(deadline - performance.now() - LAST_WORDS_MS, 0));
  longLived.closeAll();
  return inFlight.empty(LAST_WORDS_MS);
}

function stopAccepting({ listener, streams }: Draining): void {
  listener.stopAccepting();
  streams.stopAccepting();
}

/**
 * A connection that is closed while the client sends its next request on it would lose that request. So each connection is
 * told to close by the answer to a last one; only those that have been silent all this time are closed without.
 */
async function closeSilent(listener: HttpListener, silenceMs: number): Promise<void> {
  if (silenceMs > 0) {
    await listener.emptied(silenceMs);
    // What has arrived by now is read first.
    await nextTurn();
  }
  listener.closeIdle();
}

/** Clients that are busy ask again within it, and a stop is not felt to be slow. */
const BRIEF_SILENCE_MS = 250;
const SILENCE_MS = 5_000;
/** For what was written to leave, when what lasts is ended at the deadline. */
const LAST_WORDS_MS = 200;
