import { readFileSync, writeFileSync } from 'node:fs';
import { COMMANDS } from './commands.ts';

export const llmsFile = new URL('../llms.txt', import.meta.url);

/**
 * The summary for language models (https://llmstxt.org), with its lists as the table of commands and the configuration's reference have
 * them. All other text is written in the file itself, which is packed with them.
 */
export function llmsText(written: string): string {
  const reference = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const commands = COMMANDS.map(
    ({ name, operands, summary }) => `- \`portway ${`${name} ${operands}`.trim()}\`: ${summary}`,
  );
  const lists: Readonly<Record<string, string>> = {
    Commands: commands.join('\n'),
    'Keys of a route': keysOf(reference, '### route'),
    'Keys of the top level': keysOf(reference, '## Keys of the top level'),
  };
  return written.replace(
    /^## (.+)\n\n(?:- .*\n)+/gm,
    (_list, heading: string) => `## ${heading}\n\n${lists[heading]}\n`,
  );
}

/** The keys of one table, each with the first sentence of its description. */
function keysOf(reference: string, heading: string): string {
  const section = reference.slice(reference.indexOf(`${heading}\n`) + heading.length).split(/\n#+ /)[0] ?? '';
  const rows = Array.from(section.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm), ([, key, rest]) => {
    const does = rest!
      .split(/(?<!\\)\|/)
      .at(-1)!
      .trim();
    return `- \`${key}\`: ${plain(/^.*?\.(?=\s|$)/.exec(does)?.[0] ?? does)}`;
  });
  return rows.join('\n');
}

/** Links lead to pages that are not in the package. */
function plain(text: string): string {
  return text.replaceAll(/ ?\(\[[^\]]*\]\([^)]*\)\)/g, '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}

if (import.meta.main) writeFileSync(llmsFile, llmsText(readFileSync(llmsFile, 'utf8')));
