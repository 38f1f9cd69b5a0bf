import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** The version of this package: of a clone as of the published one, whose code lies a folder deeper. */
export function packageVersion(): string {
  const file = findPackageJSON(import.meta.url);
  if (file === undefined) throw new Error('the package.json of portway is missing: install it again');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
