import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadContent } from '../config/load.ts';
import { contentOf } from '../files/content.ts';
import { COMMANDS } from './commands.ts';
import { llmsFile, llmsText } from './llms-text.ts';

const text = llmsText();

test('llms.txt says what `npm run docs` makes of the docs', () => {
  expect(readFileSync(llmsFile, 'utf8')).toBe(text);
});

test('llms.txt is short, has every command and the keys, and its example is a configuration', async () => {
  expect(text.length).toBeLessThan(20_000);
  for (const { name } of COMMANDS) expect(text).toContain(`\`portway ${name}`);
  for (const key of ['`to`', '`auth`', '`inspect`', '`admin`', '`tls`']) expect(text).toContain(`- ${key}: `);
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
  const verdict = await loadContent(contentOf(Buffer.from(yaml)), 'gateway.config.yaml', {});
  expect(verdict.ok ? [] : verdict.problems).toEqual([]);
});
