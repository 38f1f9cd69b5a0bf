import type { Paint } from '../log/paint.ts';
import { colouredText, plainText } from './terminal-text.ts';

type Style = Parameters<Paint>[0];

/** Distinct on dark and light backgrounds; red, green and yellow are kept for states. */
const palette: readonly Style[] = ['cyan', 'magenta', 'blue', 'cyanBright', 'magentaBright'];

/** The label of the supervisor's own lines. */
const supervisorLabel = 'portway';

export interface LabelledOutputOptions {
  /** Takes whole lines, with their line break. */
  readonly write: (text: string) => void;
  readonly paint: Paint;
  /** Whether colours in the processes' output are kept; other control sequences never are. */
  readonly keepColours: boolean;
}

/** Many processes on one terminal: every line begins with the name of its process. */
export class LabelledOutput {
  readonly #options: LabelledOutputOptions;
  readonly #styles = new Map<string, Style>();
  #width = supervisorLabel.length;
  /** The process whose lines are shown; `null`: all of them. The supervisor's own are shown in any case. */
  only: string | null = null;

  constructor(options: LabelledOutputOptions) {
    this.#options = options;
  }

  /** Announces the names to come, so that all columns are as wide as the longest. */
  expect(names: Iterable<string>): void {
    this.#width = Math.max(supervisorLabel.length, ...[...names].map((name) => name.length));
  }

  /** Output of the named process. */
  say(name: string, text: string): void {
    if (this.only !== null && name !== this.only && name !== supervisorLabel) return;
    const { write, paint, keepColours } = this.#options;
    const label = paint(this.#styleOf(name), `${name.padEnd(this.#width)} |`);
    const safe = keepColours ? colouredText : plainText;
    for (const line of text.split('\n')) write(`${`${label} ${safe(line)}`.trimEnd()}\n`);
  }

  /** A message of the supervisor. */
  notice(text: string): void {
    this.say(supervisorLabel, text);
  }

  #styleOf(name: string): Style {
    if (name === supervisorLabel) return 'bold';
    const style = this.#styles.get(name) ?? palette[this.#styles.size % palette.length] ?? 'cyan';
    this.#styles.set(name, style);
    return style;
  }
}
