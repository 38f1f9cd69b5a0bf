import { isIP, SocketAddress } from 'node:net';
import type { Peer } from '../exchange/peer.ts';
import { hostOf, isAuthority } from '../route/authority.ts';
import type { OwnOrigin } from '../route/escape.ts';
import { canonicalPath } from '../route/target.ts';
import { AddressBlocks } from './address-blocks.ts';
import { elementsFromLast } from './forwarded-elements.ts';

/** `X-Forwarded-*`, `X-Real-IP` and `Forwarded` (RFC 7239) as a peer sent them. */
export interface ForwardedClaims {
  readonly for: string | null;
  readonly host: string | null;
  readonly proto: string | null;
  readonly port: string | null;
  readonly prefix: string | null;
  readonly forwarded: string | null;
}

export const NO_CLAIMS: ForwardedClaims = {
  for: null,
  host: null,
  proto: null,
  port: null,
  prefix: null,
  forwarded: null,
};

/** Those that the gateway writes itself; `null`: never believed. */
const CLAIMS: ReadonlyMap<string, keyof ForwardedClaims | null> = new Map([
  ['x-forwarded-for', 'for'],
  ['x-forwarded-host', 'host'],
  ['x-forwarded-proto', 'proto'],
  ['x-forwarded-port', 'port'],
  ['x-forwarded-prefix', 'prefix'],
  ['forwarded', 'forwarded'],
  ['x-real-ip', null],
]);

const F = 0x66;
const X = 0x78;

/**
 * Whether a field claims where a request came from, or who sent it: `Forwarded`, `X-Real-IP` and every `X-Forwarded-*`, because services
 * trust `X-Forwarded-User` and the like from a proxy. Spellings with underscores count, too (see connection.ts).
 */
export function isForwardingField(lowerName: string): boolean {
  const first = lowerName.charCodeAt(0);
  if (first !== X) return first === F && lowerName === 'forwarded';
  const name = lowerName.replaceAll('_', '-');
  return name.startsWith('x-forwarded-') || name === 'x-real-ip';
}

/** Whether a forwarding field is one that the gateway does not write itself; from a trusted peer it is passed on. */
export function isOtherForwardingField(lowerName: string): boolean {
  return !lowerName.includes('_') && !CLAIMS.has(lowerName);
}

/** Adds a field to the claims; a repeated field is one list (RFC 9110 §5.3). Underscore spellings are never believed. */
export function claim(claims: ForwardedClaims, lowerName: string, value: string): ForwardedClaims {
  const key = CLAIMS.get(lowerName);
  if (!key) return claims;
  const before = claims[key];
  return { ...claims, [key]: before === null ? value : `${before}, ${value}` };
}

/** The client and the origin that it asked for, as far as the gateway vouches for them. */
export interface Origin {
  /** Address of the client, without port. */
  readonly client: string;
  /** `http` or `https`, as the client sees it. */
  readonly proto: string;
  /** Host and port as the client sees them, as sent. */
  readonly authority: string;
  readonly port: string;
  /** A prefix that a trusted proxy before us has taken off; empty without one. */
  readonly outerPrefix: string;
  /** The chains so far, to be added to; `null` where the peer is not trusted. */
  readonly chainFor: string | null;
  readonly chainForwarded: string | null;
}

/** Decides which claims to believe. @param authority the checked Host of the request */
export function originOf(peer: Peer, trust: TrustedPeers, authority: string, sent: ForwardedClaims): Origin {
  const proto = peer.secure ? 'https' : 'http';
  if (sent === NO_CLAIMS || !trust.includes(peer.address)) {
    return {
      client: peer.address,
      proto,
      authority,
      port: portOf(authority, proto),
      outerPrefix: '',
      chainFor: null,
      chainForwarded: null,
    };
  }
  const claims = saysForwardedAlone(sent) ? claimsOfElements(sent.forwarded, trust) : sent;
  const seenProto =
    firstOf(claims.proto) === 'https' ? 'https' : firstOf(claims.proto) === 'http' ? 'http' : proto;
  const seenAuthority = plausibleAuthority(firstOf(claims.host)) ?? authority;
  return {
    client: trust.clientOf(claims.for, peer.address),
    proto: seenProto,
    authority: seenAuthority,
    port: plausiblePort(firstOf(claims.port)) ?? portOf(seenAuthority, seenProto),
    outerPrefix: plausiblePrefix(firstOf(claims.prefix)) ?? '',
    chainFor: claims.for,
    chainForwarded: claims.forwarded ?? (claims.for === null ? null : forwardedFrom(claims.for)),
  };
}

/**
 * From a peer that sends both, X-Forwarded-* count: most proxies write those and pass a client's `Forwarded` through. The two are never
 * mixed.
 */
function saysForwardedAlone(
  claims: ForwardedClaims,
): claims is ForwardedClaims & { readonly forwarded: string } {
  const { forwarded, ...others } = claims;
  return forwarded !== null && Object.values(others).every((claimed) => claimed === null);
}

/** The elements as X-Forwarded-* claims: those of trusted hops, from the peer back to the first that is not ours. */
function claimsOfElements(forwarded: string, trust: TrustedPeers): ForwardedClaims {
  const hops: string[] = [];
  let host: string | null = null;
  let proto: string | null = null;
  for (const element of elementsFromLast(forwarded)) {
    if (element === null) break;
    // The hop nearest to the client knows best what it asked for.
    host = element.host ?? host;
    proto = element.proto?.toLowerCase() ?? proto;
    const address = element.for === null ? null : addressOf(element.for);
    hops.push(address ?? 'unknown');
    if (address === null || !trust.includes(address)) break;
  }
  const chain = hops.length === 0 ? null : hops.reverse().join(', ');
  return { ...NO_CLAIMS, for: chain, host, proto, forwarded };
}

/** Whether scheme and authority are the gateway's as the client sees it. */
export function isPublicOrigin(
  scheme: string,
  authority: string,
  { proto, authority: own, port }: Origin,
): boolean {
  if (scheme !== proto || hostOf(authority) !== hostOf(own)) return false;
  const asked = portOf(authority, scheme);
  return asked === portOf(own, proto) || asked === port;
}

export function ownOriginOf(origin: Origin): OwnOrigin {
  return {
    port: origin.port,
    owns: (scheme, authority) => isPublicOrigin(scheme, authority, origin),
    at: (name) => originBelowLocalhost(name, origin),
  };
}

/** Names below `localhost` lead to the client's own machine (RFC 6761 §6.3): to us only where it asks for us there. */
function originBelowLocalhost(name: string, { proto, authority, port, outerPrefix }: Origin): string | null {
  if (outerPrefix !== '' || !ON_CLIENT.has(hostOf(authority))) return null;
  return `${proto}://${name}${port === portOf('', proto) ? '' : `:${port}`}`;
}

const ON_CLIENT: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Adds the fields that tell a service where a request came from. @param prefix the stripped prefix; empty: none */
export function pushForwardedFields(out: string[], peer: Peer, origin: Origin, prefix: string): void {
  const { chainFor, chainForwarded } = origin;
  out.push('X-Forwarded-For', chainFor === null ? peer.address : `${chainFor}, ${peer.address}`);
  out.push('X-Forwarded-Host', origin.authority, 'X-Forwarded-Proto', origin.proto);
  out.push('X-Forwarded-Port', origin.port);
  if (peer.certificate !== undefined) out.push('X-Forwarded-Client-Cert', peer.certificate);
  if (origin.outerPrefix !== '' || prefix !== '') out.push('X-Forwarded-Prefix', origin.outerPrefix + prefix);
  out.push('X-Real-IP', origin.client);
  const element = `for=${nodeOf(peer.address)};host="${origin.authority}";proto=${origin.proto}`;
  out.push('Forwarded', chainForwarded === null ? element : `${chainForwarded}, ${element}`);
}

/**
 * `Forwarded` with the hops of `X-Forwarded-For`, as most proxies send that one alone: without them, a service that reads `Forwarded` first
 * would take the proxy for the client (RFC 7239 §7.4). Invalid addresses become `unknown` (§6.2).
 */
function forwardedFrom(chain: string): string | null {
  const hops = chain.split(',').flatMap((hop) => hop.trim() || []);
  if (hops.length === 0) return null;
  // Longer chains are made up by clients, and must not swell the head. The last hops are the trusted ones.
  const [unnamed, named] = hops.length > MAX_HOPS ? ['for=unknown, ', hops.slice(-MAX_HOPS)] : ['', hops];
  return unnamed + named.map((hop) => `for=${nodeOf(addressOf(hop) ?? 'unknown')}`).join(', ');
}

const MAX_HOPS = 32;

/** RFC 7239 §6: an IPv6 address stands in brackets and quotes. */
function nodeOf(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}

/** The addresses whose word is taken for where a request came from. */
export class TrustedPeers extends AddressBlocks {
  /** The client is the last address of the chain that is not one of ours: all before it may be invented. */
  clientOf(chain: string | null, peer: string): string {
    if (chain === null) return peer;
    let client = peer;
    for (const hop of chain.split(',').reverse()) {
      const address = addressOf(hop.trim());
      if (address === null) return client;
      client = address;
      if (!this.includes(address)) return client;
    }
    return client;
  }
}

/** `192.0.2.1`, `192.0.2.1:8080`, `[2001:db8::1]:8080`, `192.0.2.1:_hidden` (RFC 7239 §6.3); anything else is no address. */
function addressOf(hop: string): string | null {
  if (isIP(hop)) return unmapped(hop);
  const [, bracketed, bare = bracketed ?? ''] =
    /^(?:\[([^\]]+)\]|([\d.]+))(?::(?:\d+|_[\w.-]+))?$/.exec(hop) ?? [];
  return isIP(bare) ? unmapped(bare) : null;
}

/** Writes an IPv4 address in IPv6 form (RFC 4291 §2.5.5.2) as IPv4, so that logs, limits and hashes recognise it. */
function unmapped(address: string): string {
  if (!address.includes(':') || address.includes('%')) return address;
  const [, mapped] = /^::ffff:([\d.]+)$/.exec(new SocketAddress({ address, family: 'ipv6' }).address) ?? [];
  return mapped ?? address;
}

function firstOf(list: string | null): string | null {
  if (list === null) return null;
  const comma = list.indexOf(',');
  return (comma < 0 ? list : list.slice(0, comma)).trim();
}

// Values that go into links are checked, even from a trusted peer.

function plausibleAuthority(text: string | null): string | null {
  return text !== null && text.length <= 261 && isAuthority(text) ? text : null;
}

function plausiblePort(text: string | null): string | null {
  if (text === null || !/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? String(port) : null;
}

/** A path that a route could have. Dot segments, `//host` and malformed escapes would lead links elsewhere. */
function plausiblePrefix(text: string | null): string | null {
  if (text === null || !/^(\/[\w.~%-]+)+\/?$/.test(text) || !canonicalPath(text).ok) return null;
  return text.replace(/\/$/, '');
}

function portOf(authority: string, proto: string): string {
  const explicit = /:(\d{1,5})$/.exec(authority);
  return explicit ? explicit[1]! : proto === 'https' ? '443' : '80';
}
