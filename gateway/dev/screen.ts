import type { LogDestination } from '../log/log-destination.ts';
import { plainText } from './terminal-text.ts';

/**
 * The standard output of `portway dev`. On a terminal, a few lines stay at its end while all others scroll past above them; in a pipe
 * there are only the others.
 */
export class Screen {
  readonly #stdout: NodeJS.WriteStream;
  /** Whether lines can stay where they are. */
  readonly live: boolean;
  #pinned: readonly string[] = [];
  /** How many rows of the terminal the pinned lines took when they were drawn. */
  #rows = 0;
  /** Written, and not shown yet: many lines of one turn are drawn at once. */
  #waiting = '';
  #turn: NodeJS.Immediate | null = null;

  constructor(stdout: NodeJS.WriteStream, live: boolean) {
    this.#stdout = stdout;
    this.live = live;
  }

  /** For the logger: its lines stand among the others. */
  readonly asLog: LogDestination = {
    write: (line) => this.write(line),
    flush: (done) => {
      this.flush();
      done?.();
    },
    flushSync: () => this.flush(),
  };

  get columns(): number {
    return this.#stdout.columns || 80;
  }

  get rows(): number {
    return this.#stdout.rows || 24;
  }

  /** @param text whole lines, with their line breaks */
  write(text: string): void {
    if (!this.live) return void this.#stdout.write(text);
    this.#waiting += text;
    this.#turn ??= setImmediate(() => this.flush());
  }

  /** These lines are the last ones from now on. */
  pin(lines: readonly string[]): void {
    if (!this.live || lines.join('\n') === this.#pinned.join('\n')) return;
    this.#pinned = lines;
    this.#turn ??= setImmediate(() => this.flush());
  }

  /** Draws pending changes, even when no asynchronous work runs any more. */
  flush(): void {
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
    if (!this.live) return;
    // The pinned rows are drawn whole or not at all: more rows than the terminal has could not be erased.
    const shown = this.#pinned.slice(0, Math.max(0, this.rows - 2));
    const text = [this.#waiting, ...shown.map((line) => `${line}\n`)].join('');
    this.#stdout.write(`${BEGIN}${this.#erase()}${text}${END}`);
    this.#waiting = '';
    this.#rows = shown.reduce((sum, line) => sum + this.#rowsOf(line), 0);
  }

  /** After a change of width, drawn rows may take more lines. */
  resized(): void {
    if (!this.live) return;
    this.#rows = Math.max(
      this.#rows,
      this.#pinned.reduce((sum, line) => sum + this.#rowsOf(line), 0),
    );
    this.flush();
  }

  #rowsOf(line: string): number {
    return Math.max(1, Math.ceil(plainText(line).length / this.columns));
  }

  #erase(): string {
    return this.#rows === 0 ? '' : `\x1b[${this.#rows}A\r\x1b[J`;
  }
}

/** Terminals that know these sequences show everything between them at once, without flicker; others ignore them. */
const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';
