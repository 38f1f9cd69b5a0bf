import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import tls from 'node:tls';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { DialAddress } from '../model/config.ts';

type TcpAddress = Extract<DialAddress, { kind: 'tcp' }>;

/** Options of a TLS handshake with a service. Its certificate is checked afterwards by `faultOfService`, which can name the fault. */
export function serviceTlsOptions({ host, http2, trust }: TcpAddress): tls.ConnectionOptions {
  const name = trust?.serverName ?? host;
  return {
    ALPNProtocols: [http2 ? 'h2' : 'http/1.1'],
    rejectUnauthorized: false,
    ...(isIP(name) === 0 && { servername: name }),
    ...(trust?.ca && { ca: trust.ca }),
  };
}

/** Whether the service that was reached may be spoken to. @param socket connected, its handshake done */
export function faultOfService(address: DialAddress, socket: Socket): GatewayError | null {
  if (address.kind !== 'tcp' || !(socket instanceof tls.TLSSocket)) return null;
  if (!socket.authorized && !address.trust?.insecure) return certificateFault(address, socket);
  if (address.http2 && socket.alpnProtocol !== 'h2')
    return new GatewayError(
      'tls_error',
      `${address.key} does not speak HTTP/2 (ALPN): write https:// instead`,
    );
  return null;
}

/** The error for a bad certificate: which one, why, and how to fix it. */
function certificateFault({ key, host, trust }: TcpAddress, socket: tls.TLSSocket): GatewayError {
  const certificate = socket.getPeerX509Certificate();
  const code = codeOf(socket.authorizationError);
  const which = certificate ? describe(certificate) : 'no certificate';
  const { why, remedy } = reasonOf(code, trust?.serverName ?? host, certificate);
  return new GatewayError('certificate_refused', `${key} shows ${which}: ${why} (${code}); ${remedy}`);
}

/** Node's types say Error; it is the code. */
function codeOf(cause: unknown): string {
  return typeof cause === 'string' ? cause : ((cause as NodeJS.ErrnoException | null)?.code ?? 'unknown');
}

function describe({ subject, subjectAltName, issuer }: X509Certificate): string {
  const names = subjectAltName?.replaceAll('DNS:', '') ?? oneLine(subject);
  return `a certificate for ${names}, issued by ${oneLine(issuer)}`;
}

function oneLine(name: string | undefined): string {
  return name ? name.replaceAll('\n', ', ') : 'nobody';
}

interface Reason {
  readonly why: string;
  readonly remedy: string;
}

function reasonOf(code: string, name: string, certificate: X509Certificate | undefined): Reason {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return { why: `it has expired on ${certificate?.validTo}`, remedy: 'renew it' };
    case 'CERT_NOT_YET_VALID':
      return {
        why: `it is not valid before ${certificate?.validFrom}`,
        remedy: 'look at the clocks of both machines',
      };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        why: `it is not for ${name}`,
        remedy: 'name what it is for by `tls: { serverName: NAME }` of the route',
      };
    default:
      return {
        why: 'nobody whom the gateway trusts vouches for it',
        remedy: 'name its authority by `tls: { ca: FILE }` of the route, or send the whole chain',
      };
  }
}
