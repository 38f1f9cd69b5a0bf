/** `npm run docs`: writes what the schema says into `docs/`. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema } from './json-schema.ts';
import { referencePage } from './reference.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs');

/** Path below `docs/` and content of every generated file. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ['gateway.schema.json', `${JSON.stringify(jsonSchema(), null, 2)}\n`],
    ['configuration.md', referencePage(readFileSync(join(folder, 'configuration.md'), 'utf8'))],
  ]);
}

if (import.meta.main) {
  for (const [name, content] of generatedDocs()) writeFileSync(join(folder, name), content);
}
