/** The request to the service of `forward:`, and the way of a browser to its login. */

import type { RoutedExchange } from '../../../fields/exchange.ts';
import { isForwardingField, pushForwardedFields } from '../../../fields/forwarded.ts';
import { isNavigation as opensPage } from '../../../fields/request-facts.ts';

/**
 * The client's fields without those of its body, and the original request in the fields of nginx and of Traefik and Caddy. Our name in
 * `Via` ends a question that comes back to this gateway.
 */
export function questionOf(exchange: RoutedExchange, pseudonym: string): string[] {
  const { facts, downstream, origin, peer, version } = exchange;
  const out: string[] = [];
  for (let i = 0; i < facts.kept.length; i += 2)
    if (isOfQuestion(facts.kept[i]!.toLowerCase())) out.push(facts.kept[i]!, facts.kept[i + 1]!);
  pushForwardedFields(out, peer, origin, '');
  const path = pathOf(exchange);
  out.push('X-Forwarded-Method', downstream.method, 'X-Forwarded-Uri', path);
  out.push('X-Original-Method', downstream.method, 'X-Original-URI', path, 'X-Original-URL', urlOf(exchange));
  out.push('Via', `${version} ${pseudonym}`);
  return out;
}

/**
 * Fields that are not for the question: conditions and ranges would spoil its answer, and clients' claims about the original request are
 * not believed.
 */
function isOfQuestion(lowerName: string): boolean {
  return !NOT_ASKED.test(lowerName) && !isForwardingField(lowerName);
}

const NOT_ASKED =
  /^(?:content[-_].*|expect|range|if[-_].*|accept[-_]encoding|max[-_]forwards|sec[-_]websocket[-_].*|x[-_]original[-_].*|x[-_]auth[-_]request[-_].*|x[-_](?:http[-_])?method(?:[-_]override)?)$/;

/** As the client asked for it, a prefix that a proxy before us took off included. */
export function pathOf({ target, origin }: RoutedExchange): string {
  return origin.outerPrefix + (target.kind === 'asterisk' ? '*' : target.raw);
}

function urlOf(exchange: RoutedExchange): string {
  const { proto, authority } = exchange.origin;
  return `${proto}://${authority}${pathOf(exchange)}`;
}

/** Only navigations are led to a login: a script, an image or a WebSocket could not use the page. */
export function isNavigation({ downstream, facts }: RoutedExchange): boolean {
  if (downstream.method !== 'GET' && downstream.method !== 'HEAD') return false;
  return opensPage(facts);
}

/** A path never begins with two slashes here: a browser would take it for another host. */
export function signInAddress(template: string, exchange: RoutedExchange): string {
  const path = pathOf(exchange).replace(/^[/\\]+/, '/');
  return template
    .replaceAll('{url}', () => encodeURIComponent(urlOf(exchange)))
    .replaceAll('{path}', () => encodeURIComponent(path));
}
