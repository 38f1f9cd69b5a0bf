/** Requests that come as plain HTTP where `tls:` is for https alone. */

import { CHALLENGE_PREFIX } from '../acme/challenges.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { GatewayConfig } from '../model/config.ts';
import { hostOf } from '../route/authority.ts';
import type { RequestTarget } from '../route/target.ts';

interface Asked {
  readonly target: RequestTarget;
  readonly authority: string;
  readonly peer: { readonly secure: boolean };
  readonly believed: { readonly origin: { readonly proto: string } };
}

/** Where a request belongs that came as plain HTTP and should not have; `null`: it may go on. @throws GatewayError `tls_expected` */
export function secureLocation({ tls, port }: GatewayConfig, asked: Asked): string | null {
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

function overTls({ authority, target }: Asked, otherPort: number | null): string {
  if (otherPort === null) return `https://${authority}${target.raw}`;
  return `https://${hostOf(authority)}${otherPort === 443 ? '' : `:${otherPort}`}${target.raw}`;
}
