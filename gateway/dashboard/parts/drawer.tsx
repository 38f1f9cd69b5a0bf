import type { ComponentChildren } from 'preact';
import { Sign } from './icons.tsx';

/** A panel beside the list, or over it on narrow screens. */
export function Drawer({
  title,
  close,
  children,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}) {
  return (
    <aside class="drawer" aria-label={title}>
      <header>
        <h2 class="drawer-title" title={title}>
          {title}
        </h2>
        <button type="button" class="plain" onClick={close} aria-label="Close" title="Close (Esc)">
          <Sign name="close" />
        </button>
      </header>
      <div class="inner">{children}</div>
    </aside>
  );
}
