import { escapeHtml, safeHref } from '../../answer/page/escape.ts';
import { answeredByAnother, type EndpointStatus, type ServiceStatus } from '../../model/status.ts';
import { type RouteState, stateWords } from '../route-state.ts';
import type { PageRoute, PageStream, RouteDetails } from './page-status.ts';

/** How the browser came to this page, as far as that is known: links to routes of other hosts keep the scheme and the port. */
export interface PageAddress {
  readonly scheme?: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** A row of the table; `index` tells it apart on the page. */
export function renderRoute(route: PageRoute, index: number, address: PageAddress): string {
  const cells = [
    `<td role="cell" class="route">${pathLink(route, index, address)}${nameLink(route, address)}${note(lineText(route.details))}</td>`,
    cell('State', 'is', renderState(route.state)),
  ];
  if (route.details !== null) {
    cells.push(cell('Leads to', 'endpoints', leadsTo(route.details)));
    cells.push(cell('Process', 'process', processText(route.details, index)));
  }
  return `<tr role="row">${cells.join('')}</tr>`;
}

/** A row of the table of raw ports. Nothing in a browser leads to one. */
export function renderStream({ label, state, problem, details }: PageStream, index: number): string {
  const { line, endpoints } = details;
  const cells = [
    `<td role="cell" class="route"><span class="path">${escapeHtml(label)}</span>${line > 0 ? note(`line ${line}`) : ''}</td>`,
    cell('State', 'is', renderState(state)),
    cell('Leads to', 'endpoints', endpointList(endpoints) + note(problem)),
    cell('Process', 'process', processText(details, `stream-${index}`)),
  ];
  return `<tr role="row">${cells.join('')}</tr>`;
}

function cell(label: string, kind: string, html: string): string {
  return `<td role="cell" class="${kind}" data-label="${label}"><div>${html}</div></td>`;
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
  return `<span class="note">also <a href="${escapeHtml(href)}">${escapeHtml(name)}</a></span>`;
}

/** Empty for `*.example.com`: which of its hosts is meant is not known. */
function linkTarget(host: string | null, path: string, address: PageAddress): string {
  // A path that begins with `//` would name another host; `/.//` is the same path and does not.
  if (host === null) return path.startsWith('//') ? `/.${path}` : path;
  if (host.includes('*')) return '';
  const scheme = address.scheme ?? 'http';
  const port = address.port === (scheme === 'https' ? 443 : 80) ? '' : `:${address.port}`;
  return `${scheme}://${host}${port}${path}`;
}

function lineText(details: RouteDetails | null): string | null {
  return details === null ? null : (details.origin ?? `line ${details.line}`);
}

function note(text: string | null): string {
  return text === null ? '' : `<span class="note">${escapeHtml(text)}</span>`;
}

/** A shape and a word; the colour only helps. */
function renderState(state: RouteState): string {
  return `<span class="state ${state}">${shapes[state]}${stateWords[state]}</span>`;
}

const svg = (shape: string) => `<svg viewBox="0 0 12 12" aria-hidden="true">${shape}</svg>`;

const shapes: Readonly<Record<RouteState, string>> = {
  up: svg('<circle cx="6" cy="6" r="5" fill="currentColor"/>'),
  partly: svg(
    '<circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M6 1a5 5 0 0 1 0 10z" fill="currentColor"/>',
  ),
  starting: svg(
    '<path d="M6 1.75a4.25 4.25 0 1 1-4.25 4.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/>',
  ),
  down: svg(
    '<path d="M2 2l8 8m0-8l-8 8" fill="none" stroke="currentColor" stroke-width="2.25" stroke-linecap="round"/>',
  ),
  unknown: svg(
    '<circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2 2.4"/>',
  ),
};

function leadsTo({ endpoints, breaker }: RouteDetails): string {
  return endpointList(endpoints) + note(breaker);
}

function endpointList(endpoints: readonly EndpointStatus[]): string {
  const several = endpoints.length > 1;
  const items = endpoints.map((endpoint) => {
    const state = several ? `${renderState(endpoint.state)} ` : '';
    return `<li>${state}<span class="mono">${escapeHtml(endpoint.address)}</span>${note(endpoint.reason)}</li>`;
  });
  return `<ul>${items.join('')}</ul>`;
}

function processText(
  { service, endpoints }: Pick<RouteDetails, 'service' | 'endpoints'>,
  index: number | string,
): string {
  if (service === null) return '<span class="quiet">not run by Portway</span>';
  const pid = service.pid === null ? '' : `, pid ${service.pid}`;
  const restarts = service.restarts === 0 ? '' : `, restarted ${times(service.restarts)}`;
  return (
    `<span class="name">${escapeHtml(service.name)}</span>` +
    note(answeredByAnother(service, endpoints) ? 'another process answers on its port' : null) +
    note(`${service.state}${pid}${restarts}`) +
    note(lastExitText(service)) +
    lastOutput(service, index)
  );
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function lastExitText({ state, lastExit }: ServiceStatus): string | null {
  if (lastExit === null || state === 'ready') return null;
  return lastExit.signal === null ? `exited with code ${lastExit.code}` : `ended by ${lastExit.signal}`;
}

function lastOutput({ lastOutput: lines }: ServiceStatus, index: number | string): string {
  if (lines.length === 0) return '';
  const text = escapeHtml(lines.join('\n'));
  return `<details id="output-${index}"><summary>Its last output</summary><pre tabindex="0">${text}</pre></details>`;
}
