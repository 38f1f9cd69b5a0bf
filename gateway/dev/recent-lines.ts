import { plainText } from './terminal-text.ts';

const kept = 20;

/** The newest lines that a service wrote, without anything that a terminal acts upon; those of its present life can be told apart. */
export class RecentLines {
  readonly #lines: string[] = [];
  #ofThisLife = 0;

  add(line: string): void {
    this.#lines.push(plainText(line));
    if (this.#lines.length > kept) this.#lines.shift();
    this.#ofThisLife++;
  }

  beginLife(): void {
    this.#ofThisLife = 0;
  }

  /** Oldest first, at most 20. */
  all(): string[] {
    return [...this.#lines];
  }

  /** At most `count` lines of this life as the end of a sentence. */
  describe(count: number): string {
    const lines = this.#lines.slice(-Math.min(count, this.#ofThisLife, kept));
    if (this.#ofThisLife === 0) return '; it wrote nothing';
    return `; its last lines:${lines.map((line) => `\n    ${line}`).join('')}`;
  }
}
