import fc from 'fast-check';

const bytes = fc.array(fc.noShrink(fc.nat(255)), { maxLength: 100_000 });

/** The least of the bytes that still show it, as far as fast-check finds it in the time: each attempt costs a whole trial. */
export async function minimise(
  text: string,
  shows: (text: string) => Promise<boolean>,
  budgetMs = 10_000,
): Promise<string> {
  const hidden = fc.asyncProperty(bytes, async (codes) => !(await shows(String.fromCharCode(...codes))));
  const example = [...text].map((char) => char.charCodeAt(0));
  const found = await fc.check(hidden, {
    examples: [[example]],
    numRuns: 1,
    interruptAfterTimeLimit: budgetMs,
  });
  return String.fromCharCode(...(found.counterexample?.[0] ?? example));
}
