import { render } from 'preact';
import { App } from './app.tsx';
import { Exchanges } from './live/exchanges.ts';
import { Feed } from './live/feed.ts';
import { Place } from './live/place.ts';

const root = document.getElementById('app');
if (root !== null) {
  const feed = new Feed();
  feed.start();
  root.replaceChildren();
  const exchanges = new Exchanges((status) => feed.take(status));
  render(<App feed={feed} place={new Place()} exchanges={exchanges} />, root);
}
