import { hrefOf, PAGES } from '../observe/page/tabs.ts';
import type { Link } from './live/feed.ts';
import { Mark } from './parts/icons.tsx';
import type { Session } from './session.ts';

/** The mark, the current place, the pages, and whether the shown state is current. */
export function Header({ feed, place, help }: Session & { readonly help: () => void }) {
  const status = feed.status.value;
  return (
    <header class="top">
      <a class="brand" href={hrefOf('map')} aria-label="Portway, map">
        <Mark />
        <span>Portway</span>
      </a>
      {status !== null && (
        <span class="where">
          <a href={status.origin} rel="noreferrer">
            {status.origin.replace(/^http:\/\//, '')}
          </a>
          {status.mode === 'development' && <span class="tag">dev</span>}
          {feed.locked !== undefined && (
            <span class="tag" title={feed.locked}>
              read-only
            </span>
          )}
        </span>
      )}
      <nav aria-label="Pages">
        {PAGES.map(({ name, title }, index) => (
          <a key={name} href={hrefOf(name)} aria-current={place.page.value === name ? 'page' : undefined}>
            {title}
            <span class="key" aria-hidden="true">
              {index + 1}
            </span>
          </a>
        ))}
      </nav>
      <span class="end">
        <LiveSign link={feed.link.value} />
        {feed.access.value.user !== null && (
          <button type="button" class="small" title={feed.access.value.user} onClick={() => void logOut()}>
            Log out
          </button>
        )}
        <button type="button" class="plain" onClick={help} aria-label="Keys" title="Keys (?)">
          ?
        </button>
      </span>
    </header>
  );
}

async function logOut(): Promise<void> {
  await fetch('/logout', { method: 'POST', redirect: 'manual' }).catch(() => null);
  location.assign('/login');
}

const WORDS: Readonly<Record<Link, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused',
  lost: 'Not reached',
  out: 'Logged out',
};

function LiveSign({ link }: { readonly link: Link }) {
  return (
    <span class={`link ${link}`} role="status">
      <svg class="shape" viewBox="0 0 12 12" aria-hidden="true">
        {link === 'live' && <circle cx="6" cy="6" r="2.25" class="filled" />}
        {link === 'live' ? <circle cx="6" cy="6" r="4.75" /> : <circle cx="6" cy="6" r="4" class="dashed" />}
      </svg>
      {WORDS[link]}
    </span>
  );
}
