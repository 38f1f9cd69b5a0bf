import type { RouteState } from '../../observe/route-state.ts';

/** One line that becomes several: one origin, many ports. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M2 12h6m0 0c5 0 4-7 9-7m-9 7h9m-9 0c5 0 4 7 9 7" />
      <circle cx="20" cy="5" r="1.5" />
      <circle cx="20" cy="12" r="1.5" />
      <circle cx="20" cy="19" r="1.5" />
    </svg>
  );
}

/** Each state has a shape of its own: the colour only helps. */
export function StateShape({ state }: { readonly state: RouteState }) {
  return (
    <svg class={`shape ${state}`} viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[state]}
    </svg>
  );
}

const SHAPES = {
  up: <circle cx="6" cy="6" r="4.5" class="filled" />,
  partly: (
    <>
      <circle cx="6" cy="6" r="4" />
      <path d="M6 2a4 4 0 0 1 0 8z" class="filled" />
    </>
  ),
  starting: <path d="M6 2a4 4 0 1 1-4 4" />,
  down: <path d="M2.5 2.5l7 7m0-7l-7 7" class="thick" />,
  unknown: <circle cx="6" cy="6" r="4" class="dashed" />,
} as const;

/** The few signs of buttons. */
export function Sign({ name }: { readonly name: keyof typeof SIGNS }) {
  return (
    <svg class="sign" viewBox="0 0 16 16" aria-hidden="true">
      <path d={SIGNS[name]} />
    </svg>
  );
}

const SIGNS = {
  close: 'M4 4l8 8m0-8l-8 8',
  away: 'M6 3.5H3.5v9h9V10M9 3.5h3.5V7M12 4 7.5 8.5',
  restart: 'M12.5 8a4.5 4.5 0 1 1-1.4-3.3M12.5 2.5v3h-3',
  send: 'M3 8h10M9 4l4 4-4 4',
  search: 'M7 11.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zm3.3-1.2L14 14',
  stream: 'M2.5 4.5h11M2.5 8h7M2.5 11.5h9',
  copy: 'M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z',
} as const;
