import type { Fields } from '../exchange/contract.ts';
import { isHopByHop, nominate, withoutNominated } from './connection.ts';
import {
  claim,
  type ForwardedClaims,
  isForwardingField,
  isOtherForwardingField,
  NO_CLAIMS,
} from './forwarded.ts';

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
  /** `X-Forwarded-*` that the gateway does not write itself, name, value ...: they go on from a trusted peer alone. */
  readonly otherForwarded: readonly string[];
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

const NONE: readonly string[] = [];

/** The same from a trusted peer: whatever `X-Forwarded-*` it sent goes on. */
export function withOtherForwarded(facts: RequestFacts): RequestFacts {
  const { kept, dropped, otherForwarded } = facts;
  if (otherForwarded.length === 0) return facts;
  const names = new Set(otherForwarded.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : '')));
  return {
    ...facts,
    kept: [...kept, ...otherForwarded],
    dropped: dropped.filter((name) => !names.has(name)),
    otherForwarded: NONE,
  };
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
  otherForwarded: readonly string[] = NONE;
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
    if (this.#passes(name, lower, value)) this.kept.push(name, value);
    else if (lower !== 'host') this.dropped.push(lower);
  }

  /** Notes what is of interest; says whether the field goes on as it is. */
  #passes(name: string, lower: string, value: string): boolean {
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
        return this.#passesUnnoted(name, lower, value);
    }
  }

  #passesUnnoted(name: string, lower: string, value: string): boolean {
    if (isHopByHop(lower)) return false;
    if (!isForwardingField(lower)) return true;
    if (isOtherForwardingField(lower)) this.otherForwarded = [...this.otherForwarded, name, value];
    this.claims = claim(this.claims, lower, value);
    return false;
  }

  finish(): RequestFacts {
    const nominated = this.#nominated;
    if (nominated === null) return this;
    this.kept = withoutNominated(this.kept, nominated);
    this.otherForwarded = withoutNominated(this.otherForwarded, nominated);
    this.dropped.push(...nominated);
    // Nominated for the connection means: not meant for anybody behind us, whatever the field.
    if (nominated.has('x-request-id')) this.requestId = null;
    if (nominated.has('traceparent')) this.traceparent = null;
    if (nominated.has('via')) this.via = null;
    return this;
  }
}
