import { signal } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { Exchanges } from './live/exchanges.ts';
import { Feed } from './live/feed.ts';
import { Place } from './live/place.ts';
import type { Draft } from './request/draft.ts';

const root = document.getElementById('app');
if (root !== null) {
  const feed = new Feed();
  feed.start();
  root.replaceChildren();
  const exchanges = new Exchanges((status) => feed.told(status));
  const draft = signal<Draft>({ method: 'GET', url: '/', fields: '', body: '' });
  render(<App feed={feed} place={new Place()} exchanges={exchanges} draft={draft} />, root);
}
