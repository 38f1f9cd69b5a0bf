import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** One `import`, or `export ... from`. */
export interface Import {
  /** A file of the repository (`gateway/route/table.ts`), a package (`undici`) or a module of Node (`node:net`). */
  readonly from: string;
  /** As written: `{ isIP }`, `* as net`; empty where only the module's effects are wanted. */
  readonly names: string;
  /** Nothing of it is left when types are stripped. */
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

/** The names of what is loaded when it is needed. */
const LAZY = 'import()';

/** Biome keeps each of them at the start of a line and ended by a semicolon. */
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

/** These files and all that runs when they are loaded: what they import for more than its types, and so on. @param lazily with what is loaded later, too */
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

/** The text with each comment taken out: prose may name what code must not. */
export function codeOf({ text }: SourceFile): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}
