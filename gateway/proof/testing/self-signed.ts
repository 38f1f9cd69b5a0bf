import { generateKeyPairSync, sign } from 'node:crypto';
import { bits, field, integer, objectIdentifier, octets, sequence, set, time, utf8 } from '../../tls/der.ts';

/** A certificate that nobody but its own key vouches for, as PEM. */
export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

/** Makes an X.509 certificate (RFC 5280) for one host name, valid since a month. @param validMs from now on */
export function selfSigned(host: string, validMs: number = DAY_MS): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8(host))));
  const algorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
  const alternative = sequence(field(2, Buffer.from(host), false));
  const body = sequence(
    field(0, integer(Buffer.from([2]))),
    integer(Buffer.from([1])),
    algorithm,
    name,
    sequence(time(Date.now() - 30 * DAY_MS), time(Date.now() + validMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    field(3, sequence(sequence(objectIdentifier('2.5.29.17'), octets(alternative)))),
  );
  const certificate = sequence(body, algorithm, bits(sign('sha256', body, privateKey)));
  const base64 = certificate.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}

const DAY_MS = 86_400_000;
