import type { Downstream, FieldBlock, Fields, RepeatedFields } from '../exchange/contract.ts';
import type { Peer } from '../exchange/peer.ts';
import { hostOf, isAuthority } from '../route/authority.ts';
import { isHopByHop, nominate, withoutNominated } from './connection.ts';
import {
  claim,
  type ForwardedClaims,
  isForwardingField,
  isOtherForwardingField,
  NO_CLAIMS,
  type Origin,
  originOf,
  type TrustedPeers,
} from './forwarded.ts';

/** Parts of a request that a policy may be about, a bit each; `any`: every request has it, `body`: it announces one. */
export const PARTS = { any: 1, via: 2, maxForwards: 4, fetchMode: 8, body: 16 } as const;

/** The fields on which the gateway itself acts, gathered in one pass. */
export interface RequestFacts {
  /** The fields to pass on to the service; the gateway's own are added later. */
  readonly kept: Fields;
  /** Names of the fields that are not passed on, in lower case, for `explain`. */
  readonly dropped: readonly string[];
  /** Values of every Host field; a valid request has one. */
  readonly host: string | null;
  readonly hostCount: number;
  /** Claims about the origin of the request; only a trusted peer is believed. */
  readonly claims: ForwardedClaims;
  /** `X-Forwarded-*` that the gateway does not write itself, name, value ...: they go on from a trusted peer alone. */
  readonly otherForwarded: readonly string[];
  readonly via: string | null;
  readonly requestId: string | null;
  readonly traceparent: string | null;
  readonly maxForwards: string | null;
  readonly fetchMode: string | null;
  /** Which of `PARTS` its fields have. */
  readonly parts: number;
  /** Of which origin the page is that asks: the first `Origin` field. */
  readonly pageOrigin: string | null;
  readonly transferEncoding: string | null;
  /** The `Trailer` field of the client. */
  readonly trailer: string | null;
  readonly accept: string;
  readonly acceptsTrailers: boolean;
  /** The host of the one valid Host field in lower case, without port; empty: there is none. */
  readonly hostName: string;
  /**
   * Results derived from a repeated block of fields, shared by its requests: these facts are immutable. `null`: the block is not repeated.
   */
  readonly memo: FactsMemo | null;
}

/** A result derived from facts, with everything else that it depended on. */
class FactsMemo {
  believed: Believed | null = null;
  peer: Peer | null = null;
  trust: TrustedPeers | null = null;
  authority = '';
  sent: SentBefore | null = null;
}

/** The believed claims about the origin of a request. */
export interface Believed {
  readonly origin: Origin;
  /** The facts, with other `X-Forwarded-*` fields of a trusted peer. */
  readonly facts: RequestFacts;
}

/** The fields that a service was last sent for these facts (request-fields.ts). */
interface SentBefore {
  /** Of which route and snapshot (policy/route-policies.ts). */
  readonly by: object;
  readonly user: string | null;
  readonly prefix: string;
  readonly origin: Origin;
  /** The endpoint that it was written for, where it names it; `null`: for all. */
  readonly named: object | null;
  readonly repeated: RepeatedFields;
}

/** Facts of one exchange alone. */
export interface OwnFacts extends RequestFacts {
  readonly kept: string[];
}

const NONE: readonly string[] = [];

/** The facts with all `X-Forwarded-*` fields, for a trusted peer. */
export function withOtherForwarded(facts: RequestFacts): RequestFacts {
  const { kept, dropped, otherForwarded, memo } = facts;
  if (otherForwarded.length === 0) return facts;
  const names = new Set(otherForwarded.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : '')));
  const all = [...kept, ...otherForwarded];
  return {
    ...facts,
    kept: memo === null ? all : Object.freeze(all),
    dropped: dropped.filter((name) => !names.has(name)),
    otherForwarded: NONE,
    // They repeat, too, for as long as `believe` gives the same.
    memo: memo && new FactsMemo(),
  };
}

/** A copy of the facts for one exchange, whose policies change the fields for the service. */
export function ownFacts(facts: RequestFacts): OwnFacts {
  return { ...facts, kept: [...facts.kept], memo: null };
}

/** The same without the fields of that name. */
export function withoutKept(facts: RequestFacts, lowerName: string): RequestFacts {
  const kept = withoutNominated(facts.kept, new Set([lowerName]));
  return kept.length === facts.kept.length ? facts : { ...facts, kept, memo: null };
}

interface RequestParts {
  readonly facts: RequestFacts;
  readonly downstream: Pick<Downstream, 'body'>;
}

/** Which of `PARTS` a request has. */
export function partsOf({ facts, downstream }: RequestParts): number {
  return downstream.body === null ? facts.parts : facts.parts | PARTS.body;
}

/** A person opens a page, as far as that is known. */
export function isNavigation({ fetchMode, accept }: Pick<RequestFacts, 'fetchMode' | 'accept'>): boolean {
  return fetchMode === null ? /\btext\/html\b/i.test(accept) : fetchMode === 'navigate';
}

/** @param authority that the request names */
export function believe(sent: RequestFacts, peer: Peer, trust: TrustedPeers, authority: string): Believed {
  const { memo } = sent;
  if (memo?.believed && memo.peer === peer && memo.trust === trust && memo.authority === authority)
    return memo.believed;
  const facts =
    sent.otherForwarded.length > 0 && trust.includes(peer.address) ? withOtherForwarded(sent) : sent;
  const believed = { facts, origin: originOf(peer, trust, authority, facts.claims) };
  if (memo !== null) Object.assign(memo, { believed, peer, trust, authority });
  return believed;
}

/** The facts of fields that repeat: read once, and of all exchanges that they come with. */
export function factsOf(block: FieldBlock): RequestFacts {
  if (block.facts instanceof FactsReader) return block.facts;
  const facts = new FactsReader();
  facts.takeAll(block.fields);
  // Max-Forwards is counted down where it stands.
  if (facts.maxForwards !== null) return facts;
  Object.freeze(facts.kept);
  facts.memo = new FactsMemo();
  block.facts = facts;
  return facts;
}

/** @param fields name, value, name, value ... as received. */
export function readFacts(fields: Fields): OwnFacts {
  const facts = new FactsReader();
  facts.takeAll(fields);
  return facts;
}

class FactsReader implements OwnFacts {
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
  parts: number = PARTS.any;
  pageOrigin: string | null = null;
  transferEncoding: string | null = null;
  trailer: string | null = null;
  accept = '';
  acceptsTrailers = false;
  hostName = '';
  memo: FactsMemo | null = null;
  #nominated: Set<string> | null = null;

  takeAll(fields: Fields): void {
    for (let i = 0; i < fields.length; i += 2) this.#take(fields[i]!, fields[i + 1]!);
    if (this.host !== null && isAuthority(this.host)) this.hostName = hostOf(this.host);
    if (this.#nominated !== null) this.#leaveOut(this.#nominated);
    if (this.via !== null) this.parts |= PARTS.via;
    if (this.maxForwards !== null) this.parts |= PARTS.maxForwards;
    if (this.fetchMode !== null) this.parts |= PARTS.fetchMode;
  }

  #take(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (this.#passes(name, lower, value)) this.kept.push(name, value);
    else if (lower !== 'host') this.dropped.push(lower);
  }

  /** Notes a field. @returns whether it is passed on unchanged */
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
      case 'origin':
        this.pageOrigin ??= value;
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

  #leaveOut(nominated: Set<string>): void {
    this.kept = withoutNominated(this.kept, nominated);
    this.otherForwarded = withoutNominated(this.otherForwarded, nominated);
    this.dropped.push(...nominated);
    // A nominated field is for the client's connection only (RFC 9110 §7.6.1).
    if (nominated.has('x-request-id')) this.requestId = null;
    if (nominated.has('traceparent')) this.traceparent = null;
    if (nominated.has('via')) this.via = null;
    if (nominated.has('origin')) this.pageOrigin = null;
  }
}
