/** `npm run docs`: writes the files that are generated from the schema. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jsonSchema } from './json-schema.ts';
import { referencePage } from './reference.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs');

/** Path below `docs/` and content of every generated file. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ['gateway.schema.json', `${JSON.stringify(jsonSchema(), null, 2)}\n`],
    ['configuration.md', referencePage()],
  ]);
}

if (import.meta.main) {
  for (const [name, content] of generatedDocs()) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
