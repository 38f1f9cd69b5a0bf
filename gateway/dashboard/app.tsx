import { useEffect, useRef } from 'preact/hooks';
import { shownState, streamState } from '../observe/route-state.ts';
import { Header } from './header.tsx';
import { HeatPage } from './heat/heat-page.tsx';
import type { Feed } from './live/feed.ts';
import { MapPage } from './map/map-page.tsx';
import { Notices } from './notices.tsx';
import { KEYS, listenToKeys } from './parts/keyboard.ts';
import { Later } from './parts/later.tsx';
import type { Session } from './session.ts';
import { StreamPage } from './stream/stream-page.tsx';
import { TryPage } from './try/try-page.tsx';

export function App(session: Session) {
  const { feed, place } = session;
  const help = useRef<HTMLDialogElement>(null);
  const openHelp = () => help.current?.showModal();
  useEffect(() => listenToKeys(place, openHelp), [place]);
  useTitle(feed);
  return (
    <>
      <button type="button" class="skip" onClick={toMain}>
        To the content
      </button>
      <Header {...session} help={openHelp} />
      <main id="main" tabIndex={-1} data-ready={feed.status.value === null ? undefined : location.hash}>
        <Notices feed={feed} />
        <Page {...session} />
      </main>
      <HelpDialog dialog={help} />
    </>
  );
}

function Page(session: Session) {
  switch (session.place.page.value) {
    case 'stream':
      return <StreamPage {...session} />;
    case 'try':
      return <TryPage {...session} />;
    case 'config':
      return <Later load={loadConfig} session={session} />;
    case 'heat':
      return <HeatPage {...session} />;
    default:
      return <MapPage {...session} />;
  }
}

/** Code of this page is loaded with it. */
const loadConfig = () => import('./config/config-page.tsx').then(({ ConfigPage }) => ConfigPage);

/** No link: the fragment is the place. */
function toMain(): void {
  document.getElementById('main')?.focus();
}

/** The title of the browser's tab names problems. */
function useTitle({ status }: Feed): void {
  const { value } = status;
  const states = [...(value?.routes.map(shownState) ?? []), ...(value?.streams.map(streamState) ?? [])];
  const down = states.filter((state) => state === 'down').length;
  const refused = value !== null && value.config.rejected !== null;
  const says = refused ? 'Configuration refused · ' : down > 0 ? `${down} down · ` : '';
  useEffect(() => {
    document.title = `${says}Portway`;
  }, [says]);
}

function HelpDialog({ dialog }: { readonly dialog: { current: HTMLDialogElement | null } }) {
  return (
    <dialog ref={dialog} aria-labelledby="keys-title" class="keys">
      <h2 id="keys-title">Keys</h2>
      <dl>
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
