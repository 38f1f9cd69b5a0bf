import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { problemsOf } from '../proof/testing/configuration.ts';
import { COMMANDS } from './commands.ts';
import { llmsFile, llmsText } from './llms-text.ts';

const text = readFileSync(llmsFile, 'utf8');

test('llms.txt says what `npm run docs` makes of the docs', () => {
  expect(llmsText(text)).toBe(text);
});

test('llms.txt is short, has every command and the keys, and its example is a configuration', async () => {
  expect(text.length).toBeLessThan(20_000);
  for (const { name } of COMMANDS) expect(text).toContain(`\`portway ${name}`);
  for (const key of ['`to`', '`auth`', '`inspect`', '`admin`', '`tls`']) expect(text).toContain(`- ${key}: `);
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
  expect(await problemsOf(yaml)).toBe('');
});
