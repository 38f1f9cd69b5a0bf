import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** One `import`, or `export ... from`. */
export interface Import {
  /** A file of the repository (`gateway/route/table.ts`), a package (`undici`) or a module of Node (`node:net`). */
  readonly from: string;
  /** As written: `{ isIP }`, `* as net`; empty for an import for side effects. */
  readonly names: string;
  /** Stripping the types removes the whole statement. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** The TypeScript files below a folder of the repository. */
export function sourceFiles(folder: string): SourceFile[] {
  const found = globSync(`${folder}/**/*.{ts,tsx}`, {
    cwd: repository,
    exclude: ['**/node_modules/**', '**/dist/**'],
  });
  return found
    .map((file) => readSource(file.replaceAll('\\', '/')))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(repository, path), 'utf8');
  return { path, text, imports: importsOf(path, text) };
}

/** Stands for the names of a dynamic import. */
const LAZY = 'import()';

/** Biome puts each statement at the start of a line and ends it with a semicolon. */
export function importsOf(path: string, text: string): Import[] {
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:([^;'"]*?)\s+from\s+)?'([^']+)';/gm);
  const imports = Array.from(statements, ([, type, names = '', specifier = '']) => ({
    from: resolved(path, specifier),
    names,
    typeOnly: type !== undefined || onlyTypesIn(names),
  }));
  const dynamic = Array.from(text.matchAll(/\bimport\('([^']+)'\)/g), ([, specifier = '']) => ({
    from: resolved(path, specifier),
    names: LAZY,
    typeOnly: false,
  }));
  return [...imports, ...dynamic];
}

function resolved(path: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(dirname(path), specifier) : specifier;
}

function onlyTypesIn(names: string): boolean {
  const list = /^\{(.*)\}$/s.exec(names.trim())?.[1];
  const each = list
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return each?.every((name) => name.startsWith('type ')) ?? false;
}

/** These files and every file that they import for more than its types, directly or not. @param lazily follows dynamic imports, too */
export function loadedBy(
  paths: readonly string[],
  among: readonly SourceFile[],
  lazily = true,
): SourceFile[] {
  const byPath = new Map(among.map((file) => [file.path, file]));
  const loaded = new Set<string>(paths);
  for (const path of loaded) {
    for (const { from, names, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (!typeOnly && (lazily || names !== LAZY) && byPath.has(from)) loaded.add(from);
    }
  }
  return [...loaded].flatMap((path) => byPath.get(path) ?? []);
}

/** The first circle of imports, types included, as the paths on it; empty where there is none. */
export function importCircle(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): string[] => {
    const at = trail.indexOf(path);
    if (at >= 0) return [...trail.slice(at), path];
    if (done.has(path)) return [];
    for (const { from } of byPath.get(path)?.imports ?? []) {
      const circle = !byPath.has(from) ? [] : walk(from, [...trail, path]);
      if (circle.length > 0) return circle;
    }
    done.add(path);
    return [];
  };
  for (const path of byPath.keys()) {
    const circle = walk(path, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

/** The text without comments: a comment may name things that code must not use. */
export function codeOf({ text }: SourceFile): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}
