import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * Of the declarations that the compiler has written, a program that imports the package reads those that its entry reaches. The others would
 * be a third of the package: the types of our own parts.
 */
function reached(entry: string, seen: Set<string>): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  const text = readFileSync(entry, 'utf8');
  for (const [, path] of text.matchAll(/(?:from\s+|import\(|import\s+)['"](\.[^'"]+)\.[jt]s['"]/g))
    reached(resolve(dirname(entry), `${path}.d.ts`), seen);
  return seen;
}

const dist = resolve(process.argv[2]!);
const kept = reached(join(dist, 'portway.d.ts'), new Set());
for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const path = join(dist, file);
  if (path.endsWith('.d.ts') && !kept.has(path)) rmSync(path);
}
