import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { COMMANDS } from './commands.ts';

export const llmsFile = new URL('../llms.txt', import.meta.url);

/**
 * A summary for language models (https://llmstxt.org), generated from the table of commands and the configuration's reference, and packed
 * with them.
 */
export function llmsText(): string {
  const reference = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const commands = COMMANDS.map(
    ({ name, operands, summary }) => `- \`portway ${`${name} ${operands}`.trim()}\`: ${summary}`,
  );
  return `# Portway

> One origin, many ports: a gateway that maps paths to services on other ports, for HTTP/1.1, HTTP/2, WebSocket, event streams and raw TCP and UDP. One YAML file, \`gateway.config.yaml\`, is watched: save it and it takes effect; a file that is wrong changes nothing.

\`\`\`yaml
port: 3000
routes:
  /db: 3001                                   # GET /db/users reaches port 3001 as /users
  /images: { to: [3003, 3013], health: /healthz }
  shop.localhost/cart: 3010                   # by host
  /api: { to: auto, run: npm run dev }        # a process, and a port found for it (portway dev)
tests:
  - GET /db/x -> /db, target /x
\`\`\`

- A prefix is taken off before the service sees the request, unless the route says \`strip: false\`.
- The longest path by whole segments wins; a host before none; exact before prefix.
- Durations and sizes carry units: \`2s\`, \`64KiB\`. Unknown keys are errors.
- After each change run \`portway check\`; to know where a request goes, and why, \`portway explain URL\`.
- \`portway mcp\` lets an agent ask a running gateway: routes, failures with their cause, single exchanges.

## Commands

${commands.join('\n')}

## Keys of a route

${keysOf(reference, '### route')}

## Keys of the top level

${keysOf(reference, '## Keys of the top level')}
`;
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

if (import.meta.main) await writeFile(llmsFile, llmsText());
