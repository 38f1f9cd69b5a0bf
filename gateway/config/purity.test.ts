import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = import.meta.dirname;

describe('the configuration compiles without a look at the world', () => {
  it('nothing that compile.ts imports does I/O or knows YAML', () => {
    const reached = importsOf('compile.ts');
    expect(reached.has('./schema.ts')).toBe(true);
    const outside = [...reached].filter((name) => !name.endsWith('.ts')).sort();
    // All that is taken of them are functions of their arguments: architecture.test.ts looks at the names.
    expect(outside).toEqual(['node:crypto', 'node:net', 'node:path', 'node:url', 'node:zlib', 'zod']);
  });

  it('only the parser knows YAML', () => {
    const knowing = sources().filter((name) =>
      readFileSync(join(folder, name), 'utf8').includes("from 'yaml'"),
    );
    expect(knowing.sort()).toEqual(['compose-file.ts', 'parse.ts', 'syntax.ts', 'tree.ts']);
  });
});

function sources(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
}

/** What a file imports, and what that imports. */
function importsOf(start: string): Set<string> {
  return new Set(textsOf(start).flatMap(loadedBy));
}

function loadedBy(text: string): string[] {
  return Array.from(
    text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';$/gms),
    ([, name]) => name!,
  );
}

/** The file, and every file that it loads. */
function textsOf(start: string): string[] {
  const texts = new Map<string, string>();
  const open = [join(folder, start)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (texts.has(file)) continue;
    const text = readFileSync(file, 'utf8');
    texts.set(file, text);
    for (const name of loadedBy(text)) if (name.startsWith('.')) open.push(join(file, '..', name));
  }
  return [...texts.values()];
}
