import { look } from './look.ts';

/**
 * The colours of the gateway's pages. Every pair of text and ground has a contrast of at least 4.5 (WCAG 2.2 AA,
 * 1.4.3) in the light and in the dark; a test computes them from the colours here.
 */

export interface Palette {
  readonly ground: string;
  readonly raised: string;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  readonly link: string;
  readonly up: string;
  readonly partly: string;
  readonly down: string;
  readonly alarm: string;
}

export const light: Palette = {
  ground: '#faf9f7',
  raised: '#ffffff',
  line: '#e4e0d9',
  text: '#1f1d1a',
  quiet: '#6a655d',
  link: '#1f5a94',
  up: '#1b7a4a',
  partly: '#8a5a00',
  down: '#b3261e',
  alarm: '#fdf1ef',
};

export const dark: Palette = {
  ground: '#151413',
  raised: '#1d1c1a',
  line: '#34312d',
  text: '#ece9e3',
  quiet: '#a39d93',
  link: '#8fbdf0',
  up: '#62c793',
  partly: '#e3b15c',
  down: '#ff8f84',
  alarm: '#2b1b19',
};

function variables(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');
}

/** The colours, and the two kinds of type, that all pages of the gateway share. */
const paletteCss = `:root{color-scheme:light dark;${variables(light)};
--sans:ui-sans-serif,system-ui,-apple-system,"Segoe UI","Helvetica Neue","Liberation Sans",Arial,sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Code",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{${variables(dark)}}}
`;

/** The first styles of each page. */
export const style = (paletteCss + look).trim();
