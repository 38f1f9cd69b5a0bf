import { accepted, type ParseResult, refused } from '../../keys/parse-result.ts';

/** Origins as browsers write them (RFC 6454 §6.2): one, all below a domain, or those of any port. */
export interface OriginPattern {
  /** `https://` */
  readonly scheme: string;
  /** In lower case. Where `below`, with its first dot: `.example.com`. */
  readonly host: string;
  readonly below: boolean;
  /** With its colon; empty: the scheme's own; `*`: any. */
  readonly port: string;
}

const ORIGIN = /^([a-z][a-z\d+.-]*:\/\/)(\*\.)?([a-z\d.-]+|\[[\da-f:.]+\])(:(?:\d{1,5}|\*))?$/;

/** `null`: every origin. */
export function parseOrigin(text: string): ParseResult<OriginPattern | null> {
  if (text === '*') return accepted(null);
  const [, scheme, wildcard, host, port = ''] = ORIGIN.exec(text.toLowerCase()) ?? [];
  if (scheme === undefined || host === undefined) return refused(originHint(text));
  const below = wildcard !== undefined;
  const own = (scheme === 'https://' && port === ':443') || (scheme === 'http://' && port === ':80');
  const named = below ? `.${host}` : host;
  return accepted({ scheme, host: named, below, port: own ? '' : port === ':*' ? '*' : port });
}

function originHint(text: string): string {
  if (text === 'null')
    return 'null is the origin of every sandboxed frame and every file: whoever allows it allows all';
  if (/^[a-z]+:\/\/[^/]+\/.*$/i.test(text))
    return `an origin has no path: ${text.replace(/^(.*?:\/\/[^/]+).*$/, '$1')}`;
  if (!text.includes('://')) return `an origin has its scheme: https://${text}`;
  return 'a scheme, a host and, where it is not the usual one, a port: https://app.example.com:8443';
}

/** Of a route. */
export class AllowedOrigins {
  readonly #any: boolean;
  readonly #exact: ReadonlySet<string>;
  readonly #patterns: readonly OriginPattern[];

  constructor(patterns: readonly (OriginPattern | null)[]) {
    const named = patterns.filter((pattern) => pattern !== null);
    this.#any = named.length < patterns.length;
    this.#patterns = named.filter(({ below, port }) => below || port === '*');
    this.#exact = new Set(named.filter((pattern) => !this.#patterns.includes(pattern)).map(textOf));
  }

  get any(): boolean {
    return this.#any;
  }

  includes(origin: string): boolean {
    return this.#any || this.#exact.has(origin) || this.#patterns.some((pattern) => fits(pattern, origin));
  }
}

function textOf({ scheme, host, port }: OriginPattern): string {
  return scheme + host + port;
}

function fits({ scheme, host, below, port }: OriginPattern, origin: string): boolean {
  if (!origin.startsWith(scheme)) return false;
  const rest = origin.slice(scheme.length);
  const end = port === '*' ? rest.search(/:\d{1,5}$/) : rest.endsWith(port) ? rest.length - port.length : -1;
  const named = end === -1 && port === '*' ? rest : rest.slice(0, Math.max(0, end));
  if (!below) return named === host;
  return named.length > host.length && named.endsWith(host) && LABELS.test(named);
}

/** Nothing that a reader could take for a user, a port or a path stands before the domain. */
const LABELS = /^[a-z\d_.-]+$/;
