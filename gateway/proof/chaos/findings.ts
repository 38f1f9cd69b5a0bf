/** The findings of a row: its figures, and its misses. */
export class Findings {
  readonly figures: string[] = [];
  readonly misses: string[] = [];

  /** A figure that nothing is asked of. */
  note(figure: string): void {
    this.figures.push(figure);
  }

  /** @param figure what was seen, with its number. @param wanted is said where it does not hold. */
  must(figure: string, holds: boolean, wanted: string): void {
    this.figures.push(figure);
    if (!holds) this.misses.push(`${figure}: ${wanted}`);
  }

  equal(what: string, got: unknown, wanted: unknown): void {
    this.must(`${what} ${shown(got)}`, shown(got) === shown(wanted), `should be ${shown(wanted)}`);
  }

  /** `upstream told after 3.2 ms (≤ 100)` */
  atMost(what: string, got: number, most: number, unit = ''): void {
    // Written so that NaN is a miss.
    this.must(`${what} ${rounded(got)}${unit} (≤ ${rounded(most)})`, got <= most, 'too much');
  }

  atLeast(what: string, got: number, least: number, unit = ''): void {
    this.must(`${what} ${rounded(got)}${unit} (≥ ${rounded(least)})`, got >= least, 'too little');
  }

  /** Each of these is a failure; the first three kinds are named. */
  none(what: string, failures: readonly string[]): void {
    const kinds = [...new Set(failures)].slice(0, 3).join('; ');
    this.must(`${failures.length} ${what}`, failures.length === 0, kinds);
  }
}

/** Figures of three digits are enough; an integer stays one. */
function rounded(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
