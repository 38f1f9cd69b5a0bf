import type { Signal } from '@preact/signals';
import type { Applied } from './config/applied.ts';
import type { Exchanges } from './live/exchanges.ts';
import type { Feed } from './live/feed.ts';
import type { Place } from './live/place.ts';
import type { Draft } from './request/draft.ts';

/** What every page is given. */
export interface Session {
  readonly feed: Feed;
  readonly place: Place;
  readonly exchanges: Exchanges;
  /** What is tried, kept while one looks elsewhere. */
  readonly draft: Signal<Draft>;
  readonly applied: Applied;
}
