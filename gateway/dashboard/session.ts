import type { Signal } from '@preact/signals';
import type { Applied } from './config/applied.ts';
import type { Exchanges } from './live/exchanges.ts';
import type { Feed } from './live/feed.ts';
import type { Place } from './live/place.ts';
import type { Draft } from './request/draft.ts';

/** Shared by all pages. */
export interface Session {
  readonly feed: Feed;
  readonly place: Place;
  readonly exchanges: Exchanges;
  /** The draft of the Try page, kept while other pages are open. */
  readonly draft: Signal<Draft>;
  readonly applied: Applied;
}
