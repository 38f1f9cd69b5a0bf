import type { Fields } from '../forward/exchange.ts';
import { isHopByHop, nominate, withoutNominated } from './connection.ts';
import { claim, type ForwardedClaims, isForwardingField, NO_CLAIMS } from './forwarded.ts';

/** What the fields of a request say that the gateway itself acts upon, gathered in one pass. */
export interface RequestFacts {
  /** What may go on to the service as it stands; the gateway's own fields are added to it later. */
  readonly kept: string[];
  /** Names of what was left out, in lower case, for `explain`. */
  readonly dropped: readonly string[];
  /** Values of every Host field; a valid request has one. */
  readonly host: string | null;
  readonly hostCount: number;
  /** What the peer claims about where the request came from: to be believed only of a trusted peer. */
  readonly claims: ForwardedClaims;
  readonly via: string | null;
  readonly requestId: string | null;
  readonly traceparent: string | null;
  readonly maxForwards: string | null;
  readonly fetchMode: string | null;
  readonly transferEncoding: string | null;
  /** What the client says that stands behind its body. */
  readonly trailer: string | null;
  readonly accept: string;
  readonly acceptsTrailers: boolean;
}

/** @param fields name, value, name, value ... as received. */
export function readFacts(fields: Fields): RequestFacts {
  const facts = new FactsReader();
  for (let i = 0; i < fields.length; i += 2) facts.take(fields[i]!, fields[i + 1]!);
  return facts.finish();
}

class FactsReader implements RequestFacts {
  kept: string[] = [];
  dropped: string[] = [];
  host: string | null = null;
  hostCount = 0;
  claims: ForwardedClaims = NO_CLAIMS;
  via: string | null = null;
  requestId: string | null = null;
  traceparent: string | null = null;
  maxForwards: string | null = null;
  fetchMode: string | null = null;
  transferEncoding: string | null = null;
  trailer: string | null = null;
  accept = '';
  acceptsTrailers = false;
  #nominated: Set<string> | null = null;

  take(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (this.#passes(lower, value)) this.kept.push(name, value);
    else if (lower !== 'host') this.dropped.push(lower);
  }

  /** Notes what is of interest; says whether the field goes on as it is. */
  #passes(lower: string, value: string): boolean {
    switch (lower) {
      case 'host':
        this.host = value;
        this.hostCount++;
        return false;
      case 'connection':
        this.#nominated = nominate(value, this.#nominated);
        return false;
      case 'te':
        this.acceptsTrailers ||= /(?:^|,)\s*trailers\s*(?:,|;|$)/i.test(value);
        return false;
      case 'via':
        this.via = this.via === null ? value : `${this.via}, ${value}`;
        return true;
      case 'transfer-encoding':
        this.transferEncoding = this.transferEncoding === null ? value : `${this.transferEncoding}, ${value}`;
        return false;
      case 'expect':
        return false;
      case 'trailer':
        this.trailer = this.trailer === null ? value : `${this.trailer}, ${value}`;
        return false;
      case 'x-request-id':
        this.requestId = value;
        return false;
      case 'traceparent':
        this.traceparent = value;
        return false;
      case 'max-forwards':
        this.maxForwards = value;
        return true;
      case 'sec-fetch-mode':
        this.fetchMode = value;
        return true;
      case 'accept':
        this.accept = value;
        return true;
      default:
        return this.#passesUnnoted(lower, value);
    }
  }

  #passesUnnoted(lower: string, value: string): boolean {
    if (isHopByHop(lower)) return false;
    if (!isForwardingField(lower)) return true;
    this.claims = claim(this.claims, lower, value);
    return false;
  }

  finish(): RequestFacts {
    const nominated = this.#nominated;
    if (nominated === null) return this;
    this.kept = withoutNominated(this.kept, nominated);
    this.dropped.push(...nominated);
    // Nominated for the connection means: not meant for anybody behind us, whatever the field.
    if (nominated.has('x-request-id')) this.requestId = null;
    if (nominated.has('traceparent')) this.traceparent = null;
    if (nominated.has('via')) this.via = null;
    return this;
  }
}
