import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Session } from '../session.ts';

interface LaterParts {
  readonly load: () => Promise<ComponentType<Session>>;
  readonly session: Session;
}

/** A page that is loaded when somebody looks at it. */
export function Later({ load, session }: LaterParts) {
  const loaded = useSignal<{ readonly page: ComponentType<Session> } | null>(null);
  const failed = useSignal(false);
  useEffect(() => {
    load().then(
      (page) => {
        loaded.value = { page };
      },
      () => {
        failed.value = true;
      },
    );
  }, [load]);
  if (failed.value) return <p class="empty">This page could not be loaded: is the gateway there?</p>;
  if (loaded.value === null) return null;
  const { page: Page } = loaded.value;
  return <Page {...session} />;
}
