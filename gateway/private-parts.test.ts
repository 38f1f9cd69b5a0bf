import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { codeOf, sourceFiles } from './proof/testing/source-tree.ts';

/** docs/private-parts.md is the list of them; here the tree is held to it. */

interface Row {
  readonly words: readonly string[];
  readonly modules: readonly string[];
  readonly tests: readonly string[];
}

const repository = new URL('../', import.meta.url);
const rows = readRows(readFileSync(new URL('docs/private-parts.md', repository), 'utf8'));
const sources = sourceFiles('gateway').filter(({ path }) => !/\.test\.ts$/.test(path));

describe('private parts of others', () => {
  test.each(rows)('$words stand in $modules, and nowhere else', ({ words, modules }) => {
    for (const word of words) {
      const whole = new RegExp(`(?<!\\w)${word.replaceAll(/[.?()]/g, '\\$&')}`);
      const found = sources.filter((source) => whole.test(codeOf(source))).map(({ path }) => path);
      expect(found, word).toEqual(modules);
    }
  });

  test.each(rows)('of $words a test notices that they changed', ({ tests }) => {
    expect(tests.filter((path) => !existsSync(new URL(path, repository)))).toEqual([]);
  });

  test('the page has them all', () => {
    expect(rows.length).toBeGreaterThan(10);
  });
});

function readRows(page: string): Row[] {
  const lines = page.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) => {
    const [words = '', , module = '', , , tests = ''] = line.slice(2).split(' | ');
    const quoted = Array.from(words.matchAll(/`([^`]+)`/g), ([, word]) => word!);
    return { words: quoted, modules: linksIn(module), tests: linksIn(tests) };
  });
}

function linksIn(cell: string): string[] {
  return Array.from(cell.matchAll(/\]\(\.\.\/([^)]+)\)/g), ([, path]) => path!).sort();
}
