import { escapeHtml, safeHref } from '../../answer/page/escape.ts';
import { answeredByAnother, type EndpointStatus, type ServiceStatus } from '../../model/status.ts';
import { type RouteState, stateWords } from '../route-state.ts';
import type { PageRoute, PageStream, RouteDetails } from './page-status.ts';

/** How the browser came to this page, as far as that is known: links to routes of other hosts keep the scheme and the port. */
export interface PageAddress {
  readonly scheme?: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** Where routes are, from a page that stands elsewhere. */
  readonly origin?: string;
}

/** A row of the table; `index` makes its ids unique on the page. */
export function renderRoute(route: PageRoute, index: number, address: PageAddress): string {
  const cells = [
    rowHead(route.state, pathLink(route, index, address) + nameLink(route, address) + lineOf(route.details)),
    cell('is', stateWord(route.state)),
  ];
  if (route.details !== null) {
    cells.push(cell('leads', leadsTo(route.details, route.state)));
    cells.push(cell('process', processText(route.details, index)));
  }
  return `<tr role="row">${cells.join('')}</tr>`;
}

/** A row of the table of raw ports. Nothing in a browser leads to one. */
export function renderStream({ label, state, problem, details }: PageStream, index: number): string {
  const { line, endpoints } = details;
  const cells = [
    rowHead(state, `<span class="path">${escapeHtml(label)}</span>${line > 0 ? aside(`line ${line}`) : ''}`),
    cell('is', stateWord(state)),
    cell('leads', endpointList(endpoints) + trouble(problem, 'down')),
    cell('process', processText(details, `stream-${index}`)),
  ];
  return `<tr role="row">${cells.join('')}</tr>`;
}

function rowHead(state: RouteState, html: string): string {
  return `<th scope="row" role="rowheader">${shapes[state]}${html}</th>`;
}

function cell(kind: string, html: string): string {
  return `<td role="cell" class="${kind}">${html}</td>`;
}

function pathLink({ label, host, path }: PageRoute, index: number, address: PageAddress): string {
  const text =
    host !== null && label.startsWith(host)
      ? `<span class="host">${escapeHtml(host)}</span><wbr>${escapeHtml(label.slice(host.length))}`
      : escapeHtml(label);
  const href = safeHref(linkTarget(host, path, address));
  if (href === null) return `<span class="path">${text}</span>`;
  return `<a class="path" id="route-${index}" href="${escapeHtml(href)}">${text}</a>`;
}

/** Where the route is too, whole and without its prefix. */
function nameLink({ name }: PageRoute, address: PageAddress): string {
  const href = name === null ? null : safeHref(linkTarget(name, '/', address));
  if (name === null || href === null) return '';
  return ` <span class="name"><a href="${escapeHtml(href)}">${escapeHtml(name)}</a></span>`;
}

/** Empty for `*.example.com`: which of its hosts is meant is not known. */
function linkTarget(host: string | null, path: string, address: PageAddress): string {
  // A path that begins with `//` would name another host; `/.//` is the same path and does not.
  if (host === null) return (address.origin ?? '') + (path.startsWith('//') ? `/.${path}` : path);
  if (host.includes('*')) return '';
  const scheme = address.scheme ?? 'http';
  const port = address.port === (scheme === 'https' ? 443 : 80) ? '' : `:${address.port}`;
  return `${scheme}://${host}${port}${path}`;
}

function lineOf(details: RouteDetails | null): string {
  return details === null ? '' : aside(details.origin ?? `line ${details.line}`);
}

function aside(text: string): string {
  return ` <span class="name">${escapeHtml(text)}</span>`;
}

function trouble(text: string | null, state: RouteState): string {
  return text === null ? '' : `<span class="trouble ${state}">${escapeHtml(text)}</span>`;
}

/** Text as it was written, which scrolls where it is too long: so it can be reached by keys. */
export function textBlock(label: string, text: string): string {
  return `<div class="text-block" tabindex="0" role="region" aria-label="${escapeHtml(label)}"><pre>${escapeHtml(text)}</pre></div>`;
}

/** A shape stands beside it; the colour only helps. */
function stateWord(state: RouteState): string {
  return `<span class="state ${state}">${stateWords[state]}</span>`;
}

/** Each state has one of its own; the dashboard draws the same (dashboard/parts/icons.tsx). */
const shapes: Readonly<Record<RouteState, string>> = {
  up: shape('up', '<circle cx="6" cy="6" r="4.5" class="filled"/>'),
  partly: shape('partly', '<circle cx="6" cy="6" r="4"/><path d="M6 2a4 4 0 0 1 0 8z" class="filled"/>'),
  starting: shape('starting', '<path d="M6 2a4 4 0 1 1-4 4"/>'),
  down: shape('down', '<path d="M2.5 2.5l7 7m0-7l-7 7" class="thick"/>'),
  unknown: shape('unknown', '<circle cx="6" cy="6" r="4" class="dashed"/>'),
};

function shape(state: RouteState, drawing: string): string {
  return `<svg class="shape ${state}" viewBox="0 0 12 12" aria-hidden="true">${drawing}</svg>`;
}

function leadsTo({ endpoints, breaker }: RouteDetails, state: RouteState): string {
  return endpointList(endpoints) + trouble(breaker, state);
}

function endpointList(endpoints: readonly EndpointStatus[]): string {
  const several = endpoints.length > 1;
  const items = endpoints.map(({ state, address, reason }) => {
    const sign = several ? `${shapes[state]}${stateWord(state)} ` : '';
    return `<span>${sign}<span class="mono">${escapeHtml(address)}</span>${trouble(reason, state)}</span>`;
  });
  return `<span class="endpoints">${items.join(' ')}</span>`;
}

function processText(
  { service, endpoints }: Pick<RouteDetails, 'service' | 'endpoints'>,
  index: number | string,
): string {
  if (service === null && isOwnAnswer(endpoints)) return '';
  if (service === null) return '<span class="quiet">not run by Portway</span>';
  const pid = service.pid === null ? '' : `, pid ${service.pid}`;
  const restarts = service.restarts === 0 ? '' : `, restarted ${times(service.restarts)}`;
  const another = answeredByAnother(service, endpoints) ? 'another process answers on its port' : null;
  return (
    `${escapeHtml(service.name)} <span class="quiet">${escapeHtml(`${service.state}${pid}${restarts}`)}</span>` +
    trouble(another, 'partly') +
    trouble(lastExitText(service), 'down') +
    lastOutput(service, index)
  );
}

/** A redirect, a folder, a fixed answer: there is no process to run. */
function isOwnAnswer([first, ...others]: readonly EndpointStatus[]): boolean {
  return first?.role === undefined && first?.state === 'up' && others.length === 0;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function lastExitText({ state, lastExit }: ServiceStatus): string | null {
  if (lastExit === null || state === 'ready') return null;
  return lastExit.signal === null ? `exited with code ${lastExit.code}` : `ended by ${lastExit.signal}`;
}

function lastOutput({ name: service, lastOutput: lines }: ServiceStatus, index: number | string): string {
  if (lines.length === 0) return '';
  const text = textBlock(`last output of ${service}`, lines.join('\n'));
  return `<details id="output-${index}"><summary>Its last output</summary>${text}</details>`;
}
