import { readFileSync } from 'node:fs';

/** The first example of a page of docs/ in that language, below a heading of the second level where one is named. */
export function pageExample(page: string, heading?: string, language: 'yaml' | 'js' = 'yaml'): string {
  const text = readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
  const section =
    heading === undefined ? text : text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  const [, example] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(section ?? '') ?? [];
  if (example === undefined) throw new Error(`${page} has no example under "${heading}"`);
  return example;
}
