import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../files/content.ts';
import { loadContent } from './load.ts';

// Every file in `golden/` is one that people write by mistake, and beside it stands what they are told. After a change of the
// messages: `npx vitest run --config .config/vitest.ts gateway/config/golden.test.ts --update=true`, then read the diff.

const folder = join(import.meta.dirname, 'golden');
const names = readdirSync(folder);
const files = names.filter((name) => name.endsWith('.yaml'));

describe('a bad file is answered with all of its problems', () => {
  it.each(files)('%s', async (name) => {
    const bytes = readFileSync(join(folder, name));
    const result = await loadContent(contentOf(bytes), name, environmentIn(bytes.toString()));
    if (result.ok) throw new Error('no problem was found');
    await expect(`${shortened(result.formatted)}\n`).toMatchFileSnapshot(join(folder, textName(name)));
  });

  it('has an answer for every file, and no other', () => {
    const answers = names.filter((name) => !name.endsWith('.yaml'));
    expect(answers.sort()).toEqual(files.map(textName).sort());
  });
});

/** Of a list of more than twenty keys the first and the last: a new key of a route, or of the top level, changes no answer here. */
function shortened(text: string): string {
  return text.replaceAll(/(keys are \w+), (?:\w+, ){20,}(\w+)$/gm, '$1, …, $2');
}

function textName(name: string): string {
  return name.replace(/\.yaml$/, '.txt');
}

/** Lines like `# env: NAME=value`. */
function environmentIn(text: string): Record<string, string> {
  const pairs = text.matchAll(/^# env: (\w+)=(.*)$/gm);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name!, value!]));
}
