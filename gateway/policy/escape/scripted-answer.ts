/** `escape: script`: inserts a script at the start of the route's documents; other answers stay as they are. */
import type { Downstream, Fields } from '../../exchange/contract.ts';
import { DownstreamFilter } from '../../exchange/downstream-filter.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { RequestFacts } from '../../fields/request-facts.ts';
import type { RouteConfig } from '../../model/config.ts';
import type { BoundPolicy } from '../policy.ts';
import { DocumentStart } from './document-start.ts';
import { type PageScript, pageScript } from './page-script.ts';
import { withScriptAllowed } from './script-permission.ts';

/** @returns `null`: the route wants none. */
export function escapeScript(route: RouteConfig, routes: readonly RouteConfig[]): BoundPolicy | null {
  if (route.escape !== 'script' || route.matcher.path === '/') return null;
  const script = pageScript(route, routes);
  if (script === null)
    return { explain: ['no script goes into its documents: it would have to know too many other routes'] };
  return {
    toService: (fields, { facts }) => (asksForDocument(facts) ? plainly(fields) : fields),
    client: (client, exchange) =>
      mayBeScripted(exchange) ? new ScriptedAnswer(client, exchange, script) : client,
    explain: [`a script of ${script.element.length} bytes goes into its HTML documents`],
  };
}

/** A page, or a frame of one. Browsers say so to origins that they trust, `localhost` among them. */
function asksForDocument({ fetchMode, accept }: RequestFacts): boolean {
  return fetchMode === null ? /\btext\/html\b/i.test(accept) : fetchMode === 'navigate';
}

function mayBeScripted({ downstream, facts, match, origin }: RoutedExchange): boolean {
  if (downstream.method === 'HEAD' || match.named || match.prefix === '' || origin.outerPrefix !== '')
    return false;
  return asksForDocument(facts);
}

const NEGOTIATED: ReadonlySet<string> = new Set(['accept-encoding', 'if-none-match', 'if-modified-since']);

/** The script can't be inserted into compressed bytes, and a validated copy in the browser has none. */
function plainly(fields: Fields): string[] {
  return [...without(fields, NEGOTIATED), 'Accept-Encoding', 'identity'];
}

/** How much of a document may stand in front of its `<head>`. */
const START_MAX_BYTES = 8 * 1024;

class ScriptedAnswer extends DownstreamFilter {
  readonly #script: PageScript;
  readonly #exchange: RoutedExchange;
  readonly #start: DocumentStart;
  /** The start of the body while it is examined; `null`: the rest passes through. */
  #held: Buffer | null = null;

  constructor(client: Downstream, exchange: RoutedExchange, script: PageScript) {
    super(client);
    this.#exchange = exchange;
    this.#script = script;
    this.#start = new DocumentStart(exchange.facts.fetchMode !== null);
  }

  override head(status: number, reason: string, fields: Fields): void {
    const changed = WITHOUT_DOCUMENT.has(status) ? null : scriptedFields(fields, this.#script.source);
    if (changed !== null) this.#held = EMPTY;
    super.head(status, reason, changed ?? fields);
  }

  override write(chunk: Buffer): boolean {
    if (this.#held === null) return this.client.write(chunk);
    const held = Buffer.concat([this.#held, chunk]);
    const place = this.#start.find(held.subarray(0, START_MAX_BYTES), false);
    if (place !== 'more') return this.#release(held, place);
    if (held.length >= START_MAX_BYTES) return this.#release(held, null);
    this.#held = held;
    return true;
  }

  override end(trailers: Fields): void {
    if (this.#held === null) return this.client.end(trailers);
    const place = this.#start.find(this.#held, true);
    this.#release(this.#held, place === 'more' ? null : place);
    this.client.end(trailers);
  }

  #release(held: Buffer, place: number | null): boolean {
    this.#held = null;
    if (place === null) return held.length === 0 || this.client.write(held);
    const { element } = this.#script;
    this.#exchange.record.bytesOut += element.length;
    return this.client.write(Buffer.concat([held.subarray(0, place), element, held.subarray(place)]));
  }
}

const EMPTY = Buffer.alloc(0);
const WITHOUT_DOCUMENT: ReadonlySet<number> = new Set([204, 205, 206, 304]);

/** Fields that are true of the service's bytes only. */
const OF_THE_BYTES: ReadonlySet<string> = new Set([
  ...['content-length', 'etag', 'last-modified', 'accept-ranges', 'trailer'],
  ...['content-md5', 'digest', 'content-digest', 'repr-digest'],
]);
const POLICY_NAMES = /^content-security-policy(?:-report-only)?$/;

/** The head of a document with the script in it; `null`: it is no document, or none that a script can be put into. */
function scriptedFields(fields: Fields, source: string): Fields | null {
  const changed: string[] = [];
  let html = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    let value = fields[i + 1]!;
    if (name === 'content-type') {
      if (html || !isNarrowHtml(value)) return null;
      html = true;
    } else if (forbidsChange(name, value)) return null;
    else if (POLICY_NAMES.test(name)) {
      const allowing = withScriptAllowed(value, source);
      if (allowing === null) return null;
      value = allowing;
    }
    if (!OF_THE_BYTES.has(name)) changed.push(fields[i]!, value);
  }
  // Anything but a document comes without a script.
  return html ? [...changed, 'Vary', 'Sec-Fetch-Mode'] : null;
}

/** In an encoding whose letters below 128 are bytes. */
function isNarrowHtml(type: string): boolean {
  return (
    /^text\/html\s*(?:;|$)/i.test(type) && !/charset\s*=\s*["']?(?:utf-?(?:16|32)|ucs|iso-10646)/i.test(type)
  );
}

function forbidsChange(name: string, value: string): boolean {
  switch (name) {
    case 'content-encoding':
      return !/^\s*(?:identity)?\s*$/i.test(value);
    case 'cache-control':
      return /\bno-transform\b/i.test(value);
    case 'content-disposition':
      return /^\s*attachment\b/i.test(value);
    default:
      return name === 'content-range';
  }
}

function without(fields: Fields, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!names.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}
