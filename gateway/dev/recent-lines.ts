import { plainText } from './terminal-text.ts';

/** Enough for a stack whose frames are mostly Node's and libraries'. */
const KEPT = 200;
const SHOWN = 20;
/** Lines that an error's message, its stack and Node's additions may take. */
const STACK = 40;

/** `Error: no table named users`, `Uncaught TypeError [ERR_X]: ...`, `sqlite3.OperationalError: ...` at the beginning of a line. */
const MESSAGE = /^(Uncaught )?[\w.$]*(Error|Exception)\b/;
/** A frame that is not of the service's own code. */
const FOREIGN_FRAME = /^\s+at .*(\(|\s)(node:|file:.*\/node_modules\/|.*\/node_modules\/)/;

/** The newest output lines of a service, without control sequences; those of its current run can be told apart. */
export class RecentLines {
  readonly #lines: string[] = [];
  #ofThisLife = 0;

  add(line: string): void {
    this.#lines.push(plainText(line));
    if (this.#lines.length > KEPT) this.#lines.shift();
    this.#ofThisLife++;
  }

  beginLife(): void {
    this.#ofThisLife = 0;
  }

  /**
   * The lines that show its state, oldest first, at most 20: after an error, its message and the frames of the service's own code; else the
   * newest lines. Those of the last run, if this one has written nothing yet.
   */
  newest(): string[] {
    const lines = this.#lines.slice(-(this.isSilent ? KEPT : this.#ofThisLife));
    const message = lines.findLastIndex((line) => MESSAGE.test(line));
    // Python's traceback precedes its message, and old output says nothing about now.
    if (message === -1 || message === lines.length - 1 || lines.length - message > STACK)
      return lines.slice(-SHOWN);
    return lines
      .slice(message)
      .filter((line) => !FOREIGN_FRAME.test(line))
      .slice(0, SHOWN);
  }

  /** All that are kept, at most 200, of earlier lives too. */
  all(): readonly string[] {
    return [...this.#lines];
  }

  get isSilent(): boolean {
    return this.#ofThisLife === 0;
  }

  /** At most `count` lines of this life as the end of a sentence. */
  describe(count: number): string {
    const lines = this.#lines.slice(-Math.min(count, this.#ofThisLife));
    if (this.isSilent) return '; it wrote nothing';
    return `; its last lines:${lines.map((line) => `\n    ${line}`).join('')}`;
  }
}
