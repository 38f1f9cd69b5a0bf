import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FuzzCase } from './case.ts';
import type { Finding } from './oracle.ts';

/** A former finding, kept as a test so that the fault does not return. */
export interface SeedFile {
  readonly found: Finding['kind'];
  readonly detail: string;
  readonly case: FuzzCase;
}

const folder = fileURLToPath(new URL('./seeds/', import.meta.url));

/** @returns the name of the file. */
export function writeSeed(one: FuzzCase, { kind, detail }: Finding): string {
  const text = `${JSON.stringify({ found: kind, detail, case: one }, null, 2)}\n`;
  const name = `${one.from}-${createHash('sha256').update(JSON.stringify(one)).digest('hex').slice(0, 10)}.json`;
  writeFileSync(`${folder}${name}`, text);
  return name;
}

export function readSeeds(): { readonly name: string; readonly seed: SeedFile }[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names
    .sort()
    .map((name) => ({ name, seed: JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as SeedFile }));
}
