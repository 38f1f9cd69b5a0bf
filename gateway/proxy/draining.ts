import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LongLivedExchanges } from '../exchange/long-lived.ts';
import type { HttpListener } from '../listener/http.ts';
import type { Streams } from '../listener/streams/streams.ts';
import type { InFlight } from './in-flight.ts';

/** Listeners, and the exchanges under way. */
export interface Draining {
  readonly listener: HttpListener;
  readonly streams: Streams;
  readonly longLived: LongLivedExchanges;
  readonly inFlight: InFlight;
}

/** Ends long-lived exchanges at once and lets the others finish. @returns whether all finished in time */
export async function drain(draining: Draining, deadlineMs: number): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  stopAccepting(draining);
  draining.longLived.closeAll();
  await closeSilent(draining.listener, Math.min(BRIEF_SILENCE_MS, deadlineMs / 2));
  return draining.inFlight.empty(Math.max(deadline - performance.now(), 0));
}

/** Lets long-lived exchanges go on up to the deadline, and lets clients that ask seldom ask once more. */
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
 * Closes connections that stay silent. Closing a connection loses a request that the client is just sending on it, so each connection is
 * told to close by its next answer; only those that were silent all the time are closed without.
 */
async function closeSilent(listener: HttpListener, silenceMs: number): Promise<void> {
  if (silenceMs > 0) {
    await listener.emptied(silenceMs);
    // Bytes that have arrived are read first.
    await nextTurn();
  }
  listener.closeIdle();
}

/** Clients that are busy ask again within it, and a stop is not felt to be slow. */
const BRIEF_SILENCE_MS = 250;
const SILENCE_MS = 5_000;
/** For written bytes to be sent when long-lived exchanges are ended at the deadline. */
const LAST_WORDS_MS = 200;
