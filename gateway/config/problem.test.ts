import { describe, expect, it } from 'vitest';
import { excerptOf } from './excerpt.ts';
import { ConfigError, formatProblems, inOrder, type Problem } from './problem.ts';

const problem: Problem = {
  file: 'gateway.config.yaml',
  line: 7,
  column: 11,
  length: 4,
  path: 'routes./files.to',
  expected: 'a port from 1 to 65535',
  found: '"3OO2"',
  hint: 'a letter O instead of a zero?',
  sourceLine: '  /files: 3OO2',
};

const FORMATTED = `gateway.config.yaml:7:11  routes./files.to  expected a port from 1 to 65535, got "3OO2"
    7 |   /files: 3OO2
      |           ^^^^  a letter O instead of a zero?`;

describe('formatProblems', () => {
  it('says where, what was expected, what was found, and what to do', () => {
    expect(formatProblems([problem])).toBe(FORMATTED);
  });

  it('without a hint ends with the carets', () => {
    expect(
      formatProblems([{ ...problem, hint: null }])
        .split('\n')
        .at(-1),
    ).toBe('      |           ^^^^');
  });

  it('a problem of the file as a whole has no line', () => {
    const whole = { ...problem, line: 0, column: 0, path: '' };
    expect(formatProblems([whole])).toBe(
      'gateway.config.yaml  expected a port from 1 to 65535, got "3OO2"\n      a letter O instead of a zero?',
    );
  });

  it('colours are the only difference between plain and coloured text', () => {
    const coloured = formatProblems([problem], { colour: true });
    expect(coloured).not.toBe(FORMATTED);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(FORMATTED);
  });

  it('no control character of the file or the environment gets out', () => {
    const evil = { ...problem, path: '\x1b[2J', found: '\x07', hint: '\x9b1m', sourceLine: '\x1b]0;x\x07\r' };
    expect(formatProblems([evil]).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('a long hint that has been read is referred to by its line', () => {
    const hint = `the keys are ${Array.from({ length: 41 }, (_, key) => `key${key}`).join(', ')}`;
    const variable = { ...problem, file: 'GATEWAY_HOSTS', hint };
    const text = formatProblems([
      { ...problem, line: 9, hint },
      { ...problem, hint },
      problem,
      problem,
      variable,
    ]);
    expect(text.split('\n').flatMap((line) => /\^ {2}(.+)/.exec(line)?.[1] ?? [])).toEqual([
      hint,
      problem.hint,
      problem.hint,
      'as at line 7',
      hint,
    ]);
  });

  it('more than the limit are counted', () => {
    const many = Array.from({ length: 53 }, (_, index) => ({ ...problem, line: index + 1 }));
    const lines = formatProblems(many).split('\n');
    expect(lines).toHaveLength(151);
    expect(lines.at(-1)).toBe('... and 3 more problems');
    expect(formatProblems(many, { limit: 52 }).split('\n').at(-1)).toBe('... and 1 more problem');
  });
});

describe('the order of problems', () => {
  it('is that of the lines, variables of the environment last', () => {
    const at = (file: string, line: number, column: number) => ({ ...problem, file, line, column });
    const mixed = [
      at('GATEWAY_HOSTS', 1, 1),
      at('f', 9, 1),
      at('f', 2, 7),
      at('PORTWAY_HOST', 1, 1),
      at('f', 2, 3),
    ];
    expect(inOrder(mixed).map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual(
      'f:2:3 f:2:7 f:9:1 GATEWAY_HOSTS:1:1 PORTWAY_HOST:1:1'.split(' '),
    );
  });
});

it('a ConfigError says all of it', () => {
  const error = new ConfigError([problem]);
  expect(error).toMatchObject({
    name: 'ConfigError',
    message: FORMATTED,
    formatted: FORMATTED,
    problems: [problem],
  });
});

describe('an excerpt', () => {
  it.each([
    ['a short line is shown whole', 'ab: cd', 4, 2, 'ab: cd', 4, 2],
    ['a tab shows as an arrow', '\tab', 1, 2, '→ab', 1, 2],
    ['wide characters take two cells', '日本: x', 0, 2, '日本: x', 0, 4],
    ['what stands behind wide characters is still marked', '日本: x', 4, 1, '日本: x', 6, 1],
    ['emoji take two cells', '😀: x', 4, 1, '😀: x', 4, 1],
    ['the end of a line can be marked', 'ab:', 3, 1, 'ab:', 3, 1],
    ['control characters show as dots', 'a\x1bb', 2, 1, 'a·b', 2, 1],
  ])('%s', (_, line, start, length, text, indentCells, caretCells) => {
    expect(excerptOf(line, start, length)).toEqual({ text, indentCells, caretCells });
  });

  it('a long line is cut at both sides of what is meant', () => {
    const line = `${'a'.repeat(500)}XY${'b'.repeat(500)}`;
    const excerpt = excerptOf(line, 500, 2);
    expect(excerpt.text).toBe(`…${'a'.repeat(100)}XY${'b'.repeat(60)}…`);
    expect(excerpt.text.slice(excerpt.indentCells, excerpt.indentCells + excerpt.caretCells)).toBe('XY');
  });

  it('a surrogate pair that is cut in half does no harm', () => {
    const excerpt = excerptOf(`😀${'a'.repeat(99)}X`, 101, 1);
    expect(excerpt.text.isWellFormed()).toBe(true);
  });
});
