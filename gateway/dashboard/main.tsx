import { signal } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { Applied } from './config/applied.ts';
import { Exchanges } from './live/exchanges.ts';
import { Feed } from './live/feed.ts';
import { Place } from './live/place.ts';
import type { Draft } from './request/draft.ts';

const root = document.getElementById('app');
if (root !== null) {
  const feed = new Feed();
  const exchanges = new Exchanges((status) => feed.told(status));
  const draft = signal<Draft>({ method: 'GET', url: '/', fields: '', body: '' });
  // The map rendered by the gateway stays until there is a status.
  await feed.start();
  root.replaceChildren();
  render(
    <App feed={feed} place={new Place()} exchanges={exchanges} draft={draft} applied={new Applied()} />,
    root,
  );
}
