/** Why a certificate could not be obtained. */

/**
 * Types of RFC 8555 §6.7, and our own: `unreachable` (no complete answer in time), `garbage` (an answer that is not ACME), `refused` (an
 * unknown type).
 */
export class AcmeError extends Error {
  override readonly name = 'AcmeError';
  readonly type: string;
  /** Milliseconds that the directory wants to be left alone. */
  readonly retryAfterMs: number | null;

  constructor(type: string, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }

  static from(cause: unknown): AcmeError {
    if (cause instanceof AcmeError) return cause;
    return new AcmeError('internal', cause instanceof Error ? cause.message : String(cause));
  }
}

/** Advice for the operator. */
export function adviceFor(type: string): string {
  // The type comes from the directory, and may be a name that every object has.
  const advice = Object.hasOwn(ADVICE, type) ? ADVICE[type] : undefined;
  return advice ?? 'the old certificate, if there is one, stays in use; the next try is later';
}

const ADVICE: Readonly<Record<string, string>> = {
  unreachable: 'is the directory up, and does a firewall let this machine out to it?',
  garbage: 'is `directory` the URL of an ACME directory (RFC 8555 §7.1.1)?',
  rateLimited: 'wait; and try new set-ups with `directory: letsencrypt-staging`, whose limits are wide',
  dns: 'give the name an A or AAAA record that leads to this machine',
  connection:
    'does the name lead to this machine, and is its port 80 (HTTP-01) or 443 (TLS-ALPN-01) open to everybody?',
  unauthorized: 'somebody else answered for the name: do all its A and AAAA records lead to this machine?',
  incorrectResponse:
    'somebody else answered for the name: do all its A and AAAA records lead to this machine?',
  tls: 'the connection to port 443 did not reach this gateway: is there another TLS server before it?',
  caa: 'a CAA record of the name forbids this authority: change it, or take another directory',
  rejectedIdentifier: 'this authority gives no certificates for such a name: take it out of `names`',
  externalAccountRequired:
    'the authority wants `externalAccount: { keyId, key }`, which it gives its customers',
  accountDoesNotExist: 'the directory has forgotten the account: the next try registers it again',
  invalidContact: 'is `email` an address that exists?',
  store:
    'give the user that runs the gateway the right to write the folder, or name another one in `tls.acme.folder`',
};
