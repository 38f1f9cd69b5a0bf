import { render } from 'preact';
import { App } from './app.tsx';
import { Feed } from './live/feed.ts';
import { Place } from './live/place.ts';

const root = document.getElementById('app');
if (root !== null) {
  const feed = new Feed();
  feed.start();
  root.replaceChildren();
  render(<App feed={feed} place={new Place()} />, root);
}
