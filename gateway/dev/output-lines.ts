/** Characters of a line that are kept; a program that writes megabytes without a line break must not fill memory or screen. */
export const longestLine = 4096;

/**
 * Turns output of a process, in pieces of any size, into whole lines.
 *
 * A carriage return begins the line again, as on a terminal: of a progress bar only the last state is a line.
 */
export class OutputLines {
  readonly #onLine: (line: string) => void;
  #line = '';
  #cut = 0;
  #returned = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(text: string): void {
    for (const piece of text.split(/([\r\n])/)) {
      if (piece === '\n') this.#endLine();
      else if (piece === '\r') this.#returned = true;
      else if (piece !== '') this.#append(piece);
    }
  }

  /** The stream has ended: a rest without a line break is a line, too. */
  end(): void {
    if (this.#line !== '') this.#endLine();
  }

  #append(piece: string): void {
    if (this.#returned) this.#clear();
    const room = longestLine - this.#line.length;
    this.#line += piece.slice(0, room);
    this.#cut += Math.max(0, piece.length - room);
  }

  #endLine(): void {
    const rest = this.#cut > 0 ? ` ... (${this.#cut} more characters)` : '';
    const line = this.#line + rest;
    this.#clear();
    this.#onLine(line);
  }

  #clear(): void {
    this.#line = '';
    this.#cut = 0;
    this.#returned = false;
  }
}
