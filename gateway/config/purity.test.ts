import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = import.meta.dirname;

describe('the configuration compiles without a look at the world', () => {
  it('nothing that compile.ts imports does I/O or knows YAML', () => {
    const reached = importsOf('compile.ts');
    expect(reached.has('./schema.ts')).toBe(true);
    const outside = [...reached].filter((name) => !name.endsWith('.ts')).sort();
    // All of them are functions of their arguments: isIP, resolve, domainToASCII.
    expect(outside).toEqual(['node:net', 'node:path', 'node:url', 'zod']);
    expect(namesImported('node:net')).toEqual(['isIP']);
    expect(namesImported('node:url')).toEqual(['domainToASCII']);
  });

  it('only the parser knows YAML', () => {
    const knowing = sources().filter((name) =>
      readFileSync(join(folder, name), 'utf8').includes("from 'yaml'"),
    );
    expect(knowing.sort()).toEqual(['nesting.ts', 'parse.ts', 'syntax.ts', 'tree.ts']);
  });
});

function sources(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
}

/** What a file imports, and what that imports. */
function importsOf(start: string): Set<string> {
  const reached = new Set<string>();
  const open = [join(folder, start)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    const text = readFileSync(file, 'utf8');
    for (const [, name] of text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';$/gms)) {
      if (reached.has(name!)) continue;
      reached.add(name!);
      if (name!.startsWith('.')) open.push(join(file, '..', name!));
    }
  }
  return reached;
}

/** From that module, by what compile.ts loads of this folder. */
function namesImported(module: string): string[] {
  const reached = importsOf('compile.ts');
  const names = sources().flatMap((name) => {
    if (!reached.has(`./${name}`)) return [];
    const text = readFileSync(join(folder, name), 'utf8');
    return [...text.matchAll(new RegExp(`^import \\{([^}]*)\\} from '${module}';$`, 'gm'))].map(([, list]) =>
      list!.trim(),
    );
  });
  return [...new Set(names)].sort();
}
