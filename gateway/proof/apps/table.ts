import { readFileSync, writeFileSync } from 'node:fs';
import type { App } from './app.ts';
import type { Result } from './trial.ts';

const DOCUMENT = new URL('../../../docs/apps.md', import.meta.url);
const PREFACE = `# Applications behind a path

Written by \`npm run apps -- --write\`: applications that nobody here wrote, by their default settings, in Chromium behind \`portway dev\`, with their main job done: the module graph loads and an edit is seen (Vite, Next.js, Astro, SvelteKit, Nuxt, Storybook),
a page opens by a click (Docusaurus, VitePress, Angular, json-server), the list is shown (verdaccio), a message arrives (chat, maildev, Node-RED), a cell runs (Jupyter), a query is answered (Prometheus, Swagger UI, and a subscription in GraphiQL), a form is sent and answered (Adminer, RabbitMQ, DokuWiki, Django, MediaWiki), a login opens what is behind it (ZNC, Deluge), a program is restarted (Supervisor), a calendar made (Radicale),
and the daemon behind the page has been asked (Transmission, Syncthing, Netdata, qBittorrent). What leads their requests back: [escape.md](escape.md).

*At its path* is the default: stripped, with the catcher; *with a script* is the same with \`escape: script\`. *Unstripped* is \`strip: false\` alone, which shows an application a prefix that nobody told it of. *Once told* is
with what the column before says, and \`escape: off\`: nothing is led back then. With \`--tls\` all of it is done with \`tls: dev\`, over HTTP/2, WebSockets too:
tried so, with the same words in each column, are Vite, Next.js, chat, Node-RED and Jupyter.

| application | at its path | with a script | unstripped | at its name | what to set | once told |
|---|---|---|---|---|---|---|
`;

/** The row of an application. */
export function row(app: App, version: string, result: Result): string {
  const { byPath, byScript, ledToName, unstripped, byName, told } = result;
  const word = (works: boolean, why?: string) =>
    works ? 'works' : ['fails', ...(why === undefined ? [] : [why])].join(': ');
  const instead = ledToName ? '; works with `escape: name`' : '';
  const ways = [
    word(byPath, app.notAtPath) + instead,
    ...[byScript, unstripped, byName].map((works) => word(works)),
  ];
  return `| ${[`${app.title} ${version}`, ...ways, app.setting, word(told, app.notTold)].join(' | ')} |`;
}

/** Rows of applications that were not tried now stay as they are. @param rows by the title of the application */
export function writeTable(apps: readonly App[], rows: ReadonlyMap<string, string>): void {
  const before = readFileSync(DOCUMENT, 'utf8').split('\n');
  const lines = apps.map(
    ({ title }) => rows.get(title) ?? before.find((line) => line.startsWith(`| ${title} `)),
  );
  writeFileSync(DOCUMENT, `${PREFACE}${lines.filter((line) => line !== undefined).join('\n')}\n`);
}
