import { readFileSync } from 'node:fs';

/** The first YAML example of a page of docs/, below a heading of the second level where one is named. */
export function pageExample(page: string, heading?: string): string {
  const text = readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
  const section =
    heading === undefined ? text : text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  const [, example] = /```yaml\n(.*?)```/s.exec(section ?? '') ?? [];
  if (example === undefined) throw new Error(`${page} has no example under "${heading}"`);
  return example;
}
