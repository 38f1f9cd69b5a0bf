/** The cookie by which the page behind a request is known where it sends no Referer: the last document that the browser opened here. */
import type { Fields } from '../../exchange/contract.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import { pageCookieName, pageInCookie } from '../../route/escape.ts';

/** The Set-Cookie of an answer; `null`: it is no document, or the browser remembers it already. */
export function pageCookie(exchange: RoutedExchange, answer: Fields): string | null {
  const { path } = exchange.match.route.matcher;
  if (exchange.match.named || exchange.match.prefix === '' || path.startsWith('//') || !isHtml(answer))
    return null;
  const asked = new AskedFor(exchange.downstream.fields);
  if (exchange.downstream.method === 'HEAD' || !asked.document) return null;
  const { port, proto, outerPrefix } = exchange.origin;
  if (pageInCookie(asked.cookies, port) === path) return null;
  const secure = proto === 'https' ? '; Secure' : '';
  const scope = outerPrefix === '' ? '/' : outerPrefix;
  return `${pageCookieName(port)}=${encodeURIComponent(path)}; Path=${scope}; HttpOnly; SameSite=Lax${secure}`;
}

function isHtml(answer: Fields): boolean {
  for (let i = 0; i < answer.length; i += 2) {
    if (answer[i]!.toLowerCase() !== 'content-type') continue;
    return /^(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i.test(answer[i + 1]!);
  }
  return false;
}

/** Where the browser will use the answer, by its Sec-Fetch fields. */
class AskedFor {
  cookies = '';
  #destination: string | null = null;
  #prefetched = false;
  #accept = '';

  constructor(fields: Fields) {
    for (let i = 0; i < fields.length; i += 2) this.#take(fields[i]!.toLowerCase(), fields[i + 1]!);
  }

  #take(name: string, value: string): void {
    if (name === 'cookie') this.cookies = this.cookies === '' ? value : `${this.cookies}; ${value}`;
    else if (name === 'sec-fetch-dest') this.#destination = value;
    else if (name === 'sec-purpose' || name === 'purpose') this.#prefetched = /prefetch/i.test(value);
    else if (name === 'accept') this.#accept = value;
  }

  /** A page of its own: a frame is a part of another one. Browsers say so to origins that they trust, `localhost` among them. */
  get document(): boolean {
    if (this.#prefetched) return false;
    if (this.#destination !== null) return this.#destination === 'document';
    return /\btext\/html\b/i.test(this.#accept);
  }
}
