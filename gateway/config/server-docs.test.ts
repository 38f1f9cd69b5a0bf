import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configFile, temporaryFolder } from '../proof/testing/program.ts';
import { selfSigned } from '../proof/testing/self-signed.ts';
import { createAuthority } from '../tls/authority.ts';
import { loadConfig } from './load.ts';

// docs/server.md takes a newcomer by the hand: what it says is what holds.

const page = await readFile(new URL('../../docs/server.md', import.meta.url), 'utf8');
const blocks = Array.from(page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm), ([, language = '', text = '']) => ({
  language,
  text,
}));
const recipes = Array.from(
  page.matchAll(/^\| ([^|]+) \|(?:[^|]*\|){2} `([^|]+)` \|$/gm),
  ([, what = '', yaml = '']) => ({ what, yaml }),
);

/** The files that the examples name. */
async function loaded(yaml: string): Promise<string> {
  const { cert, key } = selfSigned('shop.example.com');
  const file = await configFile(yaml, {
    'shop.crt': cert,
    'shop.key': key,
    'ca.crt': createAuthority('Staff', 30).cert,
    'users.txt': '# nobody yet\n',
    '404.html': '<p>',
    'down.html': '<p>',
    'hooks.mjs': 'export default {};\n',
    'public/index.html': '<p>',
  });
  const result = await loadConfig(file, {});
  return result.ok ? '' : result.formatted;
}

test.each(recipes)('$what', async ({ yaml }) => {
  expect(await loaded(yaml)).toBe('');
});

test('every line of the table is one of them', () => {
  const lines = page.split('\n').filter((line) => line.startsWith('| ')).length - 1;
  expect(recipes).toHaveLength(lines);
});

test('the configuration of the walk is accepted', async () => {
  const [yaml] = blocks.filter(({ language }) => language === 'yaml');
  expect(await loaded(yaml!.text)).toBe('');
});

test('the way there has less than forty lines', () => {
  expect(blocks.flatMap(({ text }) => text.trim().split('\n').filter(Boolean)).length).toBeLessThan(40);
});

const analyzer = spawnSync('systemd-analyze', ['--version']).status === 0;
test.skipIf(!analyzer)('systemd takes the unit', async () => {
  const [unit, socket] = blocks.filter(({ language }) => language === 'ini').map(({ text }) => text);
  const folder = await temporaryFolder();
  const file = join(folder, 'portway.service');
  await writeFile(join(folder, 'portway.socket'), socket!);
  await writeFile(
    file,
    unit!.replace('/usr/local/bin/portway', `"${process.execPath}"`).replace('User=portway\n', ''),
  );
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', file, join(folder, 'portway.socket')], {
    encoding: 'utf8',
  });
  expect(stderr.split('\n').filter((line) => line.includes('portway.'))).toEqual([]);
  expect(status).toBe(0);
});
