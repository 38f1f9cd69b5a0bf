import { basename } from 'node:path';
import { renderDocument, renderHead } from '../../answer/page/document.ts';
import { escapeHtml } from '../../answer/page/escape.ts';
import type { ConfigStatus } from '../../model/status.ts';
import { DASHBOARD_HOST } from '../../route/names.ts';
import { headline, title } from '../headline.ts';
import { type PageStatus, type PageStatusInput, pageStatus } from './page-status.ts';
import { type PageAddress, renderRoute, renderStream, textBlock } from './route-row.ts';
import { statusScript } from './status-script.ts';
import { hrefOf, PAGES } from './tabs.ts';

export interface PageInput extends PageStatusInput {
  readonly address: PageAddress;
  /** Whether the dashboard stands at its name; default: no. */
  readonly dashboard?: boolean;
}

/** How the map is drawn into a page. */
interface MapContext {
  readonly address: PageAddress;
  /** Where the other pages of the dashboard are; `null`: nowhere. */
  readonly others: string | null;
  readonly development: boolean;
}

/**
 * The gateway's own page: routes and their state. Answer it with `pageFields` and `statusPolicy` (page/document.ts), and
 * with `Vary: Accept`, since the same URL also has `renderStatus`.
 */
export function renderPage(input: PageInput): string {
  const status = pageStatus(input);
  const { address, dashboard = false } = input;
  const others = dashboard ? `//${DASHBOARD_HOST}:${address.port}/` : null;
  const body = `${renderMap(status, { address, others, development: true })}\n${lostNotice}`;
  return renderDocument({ title: title(status), body, script: statusScript });
}

/** The map as a static document: the dashboard shows it until its program runs, or without scripts. */
export function renderMap(status: PageStatus, around: MapContext): string {
  const { config } = status;
  const parts = [
    config === null ? renderHead({ home: '/' }) : head(around),
    `<div class="head" role="status"><h1>${escapeHtml(headline(status))}</h1></div>`,
    `<main data-version="${status.version}">`,
    ...(config === null ? [] : [rejectedNotice(config), gapNotices(config)]),
    routeTable(status, around.address),
    streamTable(status),
    config === null ? '' : facts(config, around),
    '</main>',
  ];
  return parts.filter(Boolean).join('\n');
}

/** As the dashboard names it. */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1']);

function head({ address: { host, port }, others, development }: MapContext): string {
  const [map, ...more] = PAGES;
  const links = more.map(({ name, title }) => `<a href="${others}${hrefOf(name)}">${title}</a>`);
  return renderHead({
    home: '/',
    where: `${LOOPBACK.has(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`,
    development,
    tabs: [`<a href="/" aria-current="page">${map.title}</a>`, ...(others === null ? [] : links)],
  });
}

/** The same as JSON, for the page's own refresh and for programs; answer it as `application/json`. */
export function renderStatus(input: PageStatusInput): string {
  return JSON.stringify(pageStatus(input));
}

function rejectedNotice({ file, rejected }: ConfigStatus): string {
  if (rejected === null) return '';
  return `<section class="notice" role="alert">
<h2>${escapeHtml(basename(file))} was not taken into use</h2>
<p>The configuration before it keeps serving. Mend this and save the file:</p>
${textBlock('Problems of the configuration', rejected.trimEnd())}
</section>`;
}

/** Notices about parts of the configuration that are not served. */
function gapNotices({ discovery, unserved }: ConfigStatus): string {
  const parts = [];
  if (discovery && discovery.failure !== null)
    parts.push(`<h2>The source of routes can't be asked</h2>
<p>${escapeHtml(`${discovery.source}: ${discovery.failure}`)}. Those that are known are served on.</p>`);
  if (unserved)
    parts.push(`<h2>Not all of it can be served</h2>
<p>Mend this; all else is served meanwhile:</p>
${textBlock('Problems of what is not served', unserved.trimEnd())}`);
  return parts.map((part) => `<section class="notice" role="alert">\n${part}\n</section>`).join('\n');
}

function routeTable({ routes, config }: PageStatus, address: PageAddress): string {
  if (routes.length === 0) return config === null ? '' : firstSteps(config);
  const columns = config === null ? ['Path', 'State'] : ['Path', 'State', 'Leads to', 'Process'];
  const rows = routes.map((route, index) => renderRoute(route, index, address));
  return table('Routes', config === null ? 'rows brief' : 'rows own', columns, rows);
}

function streamTable({ streams }: PageStatus): string {
  if (streams.length === 0) return '';
  return table(
    'Raw ports',
    'rows own',
    ['Raw port', 'State', 'Leads to', 'Process'],
    streams.map(renderStream),
  );
}

function table(label: string, style: string, columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((name) => `<th scope="col" role="columnheader">${name}</th>`).join('');
  // A phone shows each row as a card; without the roles, `display: block` would take the table away from screen readers.
  return `<table role="table" aria-label="${label}" class="${style}">
${label === 'Routes' ? '' : `<caption aria-hidden="true">${label}</caption>\n`}<thead role="rowgroup"><tr role="row">${head}</tr></thead>
<tbody role="rowgroup">
${rows.join('\n')}
</tbody>
</table>`;
}

function firstSteps({ file }: ConfigStatus): string {
  return `<section class="steps"><p>Add one below <code>routes:</code> in ${escapeHtml(basename(file))} and save:</p>
<div class="text-block"><pre>routes:
  /hello: 7777</pre></div></section>`;
}

function facts(config: ConfigStatus, { address: { port }, others }: MapContext): string {
  const times = config.reloads === 1 ? 'once' : `${config.reloads} times`;
  const reloads = config.reloads === 0 ? '' : `, changed ${times} since the start`;
  // Its scheme is that of this page.
  const more = others
    ? `<dt>To see more</dt><dd><a href="${others}">${others.replaceAll('/', '')}</a></dd>\n`
    : '';
  return `<dl class="facts">
<dt>Configuration</dt><dd class="mono">${escapeHtml(config.file)}</dd>
<dt>In use since</dt><dd>${renderTime(config.loadedAt)}${reloads}</dd>
<dt>To change a route</dt><dd>Edit the file and save it. What is under way is not interrupted.</dd>
${more}<dt>To see why</dt><dd><code>npx portway explain GET http://localhost:${port}/…</code></dd>
</dl>`;
}

function renderTime(epochMs: number): string {
  const iso = new Date(epochMs).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}

const lostNotice = `<div id="lost" class="lost" role="alert" hidden><strong>The gateway can’t be reached</strong> since <span id="lost-since"></span>. This is what it last said; it is asked again every 2 seconds.</div>`;
