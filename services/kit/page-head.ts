import type { FastifyRequest } from 'fastify';
import { type Html, html } from './html.ts';
import { publicPrefix } from './public-address.ts';

const mark = html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d="M2 12h6m0 0c5 0 4-7 9-7m-9 7h9m-9 0c5 0 4 7 9 7"/><circle cx="20" cy="5" r="1.5"/><circle cx="20" cy="12" r="1.5"/><circle cx="20" cy="19" r="1.5"/></svg>`;

/**
 * The head of every page of the fleet: where one is, and the way back to the map, which stands at the origin's `/` where a
 * gateway has put us behind a prefix. The way is relative, so it holds behind any of them; without a `Referer`, so that no gateway takes it
 * for a link of an application that believes that it owns `/`.
 * @param top the way from the page to the top of the service: empty, or `../`
 */
export function pageHead(request: Pick<FastifyRequest, 'headers'>, name: string, top = ''): Html {
  const prefix = publicPrefix(request.headers);
  if (prefix === '') return html`<header class="top"><span class="brand">${mark}${name}</span></header>`;
  const back = top + '../'.repeat(prefix.split('/').length - 1);
  return html`<header class="top"><a class="brand" href="${back}" rel="noreferrer" aria-label="Portway, map">${mark}<span>Portway</span></a><nav aria-label="Pages"><a href="${back}" rel="noreferrer">Map</a><a href="${top || './'}" aria-current="page">${prefix}</a></nav></header>`;
}
