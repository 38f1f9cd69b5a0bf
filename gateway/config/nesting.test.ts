import { expect, test } from 'vitest';
import { tooDeepAt } from './parse.ts';
import { validate } from './validate.ts';

test.each([
  ['no configuration at all', '', -1],
  ['as deep as it may be', `a: ${'['.repeat(32)}${']'.repeat(32)}`, -1],
  ['brackets that are text', `a: "${'['.repeat(99)}"\n# ${'{'.repeat(99)}\nb: '${'['.repeat(99)}'`, -1],
  ['many lists side by side', `a: ${'[1],'.repeat(999)}`, -1],
  ['a list too many', '['.repeat(33), 32],
  ['maps and lists', `a: ${'{b: ['.repeat(17)}`, 3 + 16 * 5 + 0],
  ['lists in one line', '- '.repeat(33), 64],
])('%s', (_what, text, at) => {
  expect(tooDeepAt(text)).toBe(at);
});

// It took 17.7 s and 2.7 GiB. (A parse of it would run into the test's time-out.)
test('a file of opening brackets is refused where the 33rd stands, before it is parsed', async () => {
  const verdict = await validate({ text: '['.repeat(3_000_000), file: 'a.yaml', env: {} });
  expect(!verdict.ok && verdict.problems).toMatchObject([
    { line: 1, column: 33, expected: 'at most 32 levels' },
  ]);
});
