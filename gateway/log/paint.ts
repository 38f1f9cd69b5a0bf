import { styleText } from 'node:util';

/** Styles a piece of text for a terminal, or leaves it alone. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

export function painter(colour: boolean): Paint {
  // Whether there are colours has been decided from the stream and the environment that we were given.
  return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

/**
 * Colours are for terminals that support them and people who did not decline them (https://no-color.org). FORCE_COLOR overrides both, as in
 * Node.
 */
export function wantsColour(terminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return terminal && env.TERM !== 'dumb';
}
