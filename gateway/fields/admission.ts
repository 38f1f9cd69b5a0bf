import { CHALLENGE_PREFIX } from '../acme/challenge-path.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { GatewayConfig } from '../model/config.ts';
import { hostOf } from '../route/authority.ts';
import type { RouteTable } from '../route/table.ts';
import { parseTarget, type RequestTarget } from '../route/target.ts';
import { faultText } from '../route/target-fault.ts';
import type { Arrival } from './exchange.ts';
import type { RequestFacts } from './request-facts.ts';

/**
 * Checks that every request passes before a route is looked up. The first fault is reported at once; the checks follow the order of the
 * parts in a request.
 *
 * @throws GatewayError
 */
export function admitTarget(arrival: Arrival): RequestTarget {
  const { rawTarget, downstream } = arrival;
  if (rawTarget.length > TARGET_MAX_BYTES) {
    throw new GatewayError(
      'target_too_long',
      `a target of ${rawTarget.length} bytes; at most ${TARGET_MAX_BYTES} are taken`,
    );
  }
  if (REFUSED_METHODS.has(downstream.method))
    throw new GatewayError('method_refused', `${downstream.method} was asked for`);
  const parsed = parseTarget(rawTarget);
  if (!parsed.ok) {
    const { what, mend } = faultText(parsed.reason);
    throw new GatewayError('bad_target', `the target ${what}, at byte ${parsed.at + 1}. ${mend}`);
  }
  // RFC 9112 §3.2.4: the asterisk stands for the server as a whole, and only OPTIONS asks about that.
  if (parsed.target.kind === 'asterisk' && downstream.method !== 'OPTIONS') {
    throw new GatewayError('bad_target', `${downstream.method} * was asked for; only OPTIONS may ask for *`);
  }
  // RFC 9112 §3.2.4: a proxy turns an absolute form without path and query into `OPTIONS *`.
  if (downstream.method === 'OPTIONS' && parsed.target.raw === '/' && !rawTarget.endsWith('/'))
    return { ...parsed.target, kind: 'asterisk', raw: '*', canonical: '*' };
  return parsed.target;
}

/**
 * Node's parser reads some framings that the next one may read differently: they are refused, never repaired.
 *
 * @throws GatewayError
 */
export function admitFraming({ transferEncoding }: RequestFacts, version: string): void {
  // HTTP/0.9 had no version to speak: today its request line is a malformed one.
  if (version === '0.9') throw new GatewayError('bad_request', 'a request line without a version');
  // HTTP/2 frames were checked by their own layer.
  if (version === '2') return;
  if (version !== '1.1' && version !== '1.0')
    throw new GatewayError('version_refused', `HTTP/${version} was spoken`);
  if (transferEncoding === null) return;
  // RFC 9112 §6.1: HTTP/1.0 has no transfer codings, and one that shows up there is a framing to be afraid of.
  if (version === '1.0') throw new GatewayError('bad_request', 'a Transfer-Encoding on HTTP/1.0');
  if (transferEncoding.trim().toLowerCase() !== 'chunked') {
    throw new GatewayError('coding_refused', `Transfer-Encoding: ${transferEncoding}`);
  }
}

/** RFC 9112 §3.2: one Host, and a valid one. The authority of an absolute-form target beats it (§3.2.2). @throws GatewayError */
export function admitAuthority(target: RequestTarget, facts: RequestFacts, version: string): string {
  const { host, hostCount, hostName } = facts;
  if (hostCount > 1) throw new GatewayError('bad_host', `${hostCount} Host fields`);
  if (host === null) {
    // HTTP/1.0 knew no Host, so its absence is no fault there.
    if (version === '1.0') return target.authority ?? 'localhost';
    throw new GatewayError('bad_host', 'no Host field');
  }
  if (hostName === '') throw new GatewayError('bad_host', 'a Host field that is no host and port');
  return target.authority ?? host;
}

/** Whether this gateway serves the host at all (route/served-hosts.ts). @throws GatewayError */
export function admitHost(table: RouteTable, request: { readonly host: string }): void {
  if (table.serves(request)) return;
  const { host } = request;
  throw new GatewayError(
    'host_refused',
    `${host} is not among the hosts that are served; if it is yours, write "allowedHosts: [${host}]" at the top of the configuration`,
  );
}

/** @throws GatewayError */
export function admitFieldCount(arrival: Arrival): void {
  const count = arrival.downstream.fields.length / 2;
  if (count > FIELDS_MAX)
    throw new GatewayError('head_too_large', `${count} header fields; at most ${FIELDS_MAX} are taken`);
}

const TARGET_MAX_BYTES = 8 * 1024;
const FIELDS_MAX = 100;
/** CONNECT would make us a forward proxy; TRACE shows a script the fields that its browser keeps from it. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE']);

/** Of an exchange, or of one that is explained. */
export interface SecurityFacts {
  readonly target: RequestTarget;
  readonly authority: string;
  readonly peer: { readonly secure: boolean };
  readonly believed: { readonly origin: { readonly proto: string } };
}

/** Where a request belongs that came as plain HTTP and should not have; `null`: it may go on. @throws GatewayError `tls_expected` */
export function secureLocation({ tls, port }: GatewayConfig, asked: SecurityFacts): string | null {
  if (tls === null) return null;
  // RFC 8555 §8.3: an authority asks by plain HTTP.
  const isChallenge = asked.target.canonical.startsWith(CHALLENGE_PREFIX);
  if (tls.redirect && !isChallenge && asked.believed.origin.proto !== 'https')
    return overTls(asked, tls.port === port ? null : tls.port);
  // Plain HTTP would lead around the certificate that clients must show.
  if (tls.clientCertificates?.mode === 'require' && !asked.peer.secure)
    throw new GatewayError('tls_expected', 'plain HTTP, and `clientCertificates` are required');
  return null;
}

function overTls({ authority, target }: SecurityFacts, otherPort: number | null): string {
  if (otherPort === null) return `https://${authority}${target.raw}`;
  return `https://${hostOf(authority)}${otherPort === 443 ? '' : `:${otherPort}`}${target.raw}`;
}
