/** Schema of TLS towards clients. */

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { row, section, switchable } from '../keys/section.ts';
import { defaulted, described, duration, flag, form, oneOf, path, port } from '../keys/value.ts';
import type { TlsConfig } from '../model/config.ts';
import { acmeValue, compileAcme, type TlsContext } from './acme-schema.ts';

const REQUIRED = { defaultText: '**required**' };

export const certificateForm = z
  .strictObject({
    cert: described(
      path('the path of a certificate'),
      'PEM, relative to this file: the certificate of the server first, then those that vouch for it.',
      { ...REQUIRED, also: 'certfile certificate fullchain sslcertificate crt chain' },
    ),
    key: described(path('the path of a private key'), 'PEM, without a passphrase.', {
      ...REQUIRED,
      also: 'keyfile privatekey privkey sslcertificatekey',
    }),
  })
  .meta({ id: 'certificate', doc: { expected: 'a map with cert and key', holder: 'a certificate' } });

export const certificatesValue = z.union([
  z.literal('dev'),
  certificateForm.transform((one) => [one]),
  z.array(certificateForm).min(1),
]);

export const clientCertificatesForm = form('clientCertificates', 'clientCertificates', {
  ca: described(
    path('the path of a certificate'),
    'PEM, relative to this file: the authorities whose certificates clients may show.',
    { ...REQUIRED, also: 'cafile sslclientcertificate trustedca' },
  ),
  mode: defaulted(
    oneOf('require', 'request'),
    '`require`: without one there is no connection, and plain HTTP is refused (`tls_expected`), or redirected. `request`: one that is shown is verified, and services are told of it.',
    { default: 'require', also: 'sslverifyclient verify' },
  ),
});

const hstsRows = section({
  maxAge: row(
    duration({ min: '0s', max: '20000h' }),
    'How long a browser asks for this host by https only. `0s` takes it back.',
    { as: 'maxAgeMs', default: '8760h' },
  ),
  subDomains: row(flag, 'Whether that holds for every name below the host, too.', {
    default: 'false',
    also: 'includesubdomains',
  }),
});

export const hstsForm = form('hsts', 'hsts', hstsRows.shape);

const hsts = switchable(hstsForm, 'hsts');

export const tlsForm = z
  .strictObject({
    port: described(
      port,
      'The port that speaks TLS. Without it the gateway’s own port does, beside plain HTTP: the first byte tells them apart.',
      { defaultText: "the gateway's own" },
    ).optional(),
    certificates: described(
      certificatesValue,
      'For which names each is, its certificate says; the first one is shown where none has the name that was asked for. Files that change are read again, and no connection is dropped. `dev`: made for this machine, see `portway trust`.',
      {
        expected: 'dev, a map with cert and key, or a list of such',
        type: '`dev`, a map, see [certificate](#certificate), or a list of such',
        defaultText: '**required** without `acme`',
        also: 'certificate certs cert key certfile keyfile sslcertificate sslcertificatekey dev',
      },
    ).optional(),
    acme: described(
      acmeValue,
      'Certificates that the gateway orders, and renews, by itself ([tls.md](tls.md#certificates-by-acme)): Let’s Encrypt’s, or another authority’s. With this you agree to the terms of the directory.',
      {
        defaultText: 'none is ordered',
        also: 'email letsencrypt autocert certbot certresolver certificatesresolvers automatichttps ssl',
      },
    ).optional(),
    redirect: defaulted(
      flag,
      'Whether plain HTTP is answered with 308 to https, but for `/.well-known/acme-challenge/`.',
      { default: 'false', also: 'httpsredirect forcehttps forcessl' },
    ),
    hsts: described(hsts, 'Whether answers over TLS carry `Strict-Transport-Security` (RFC 6797).', {
      default: 'off',
      also: 'stricttransportsecurity',
    }).optional(),
    minVersion: defaulted(
      oneOf('1.2', '1.3'),
      'The oldest version of TLS that is spoken. Of 1.2, only suites with forward secrecy and authenticated encryption are taken, and no renegotiation.',
      {
        default: '1.2',
        type: '`"1.2"`, `"1.3"`',
        expected: '"1.2" or "1.3", in quotes',
        also: 'minimumversion sslprotocols minprotocol protocols',
      },
    ),
    clientCertificates: described(
      clientCertificatesForm,
      'Whether clients must show a certificate of their own.',
      { defaultText: 'none is asked for', also: 'mtls clientauth sslclientcertificate clientca' },
    ).optional(),
  })
  .meta({
    doc: {
      expected: 'a map with the key "certificates" or "acme"',
      type: 'map, see [tls](#tls)',
      holder: 'tls',
    },
  });

export const tls = z
  .union([z.literal('dev').transform(() => tlsForm.parse({ certificates: 'dev' })), tlsForm])
  .meta({
    doc: {
      expected: 'dev, or a map with the key "certificates" or "acme"',
      type: '`dev`, or a map, see [tls](#tls)',
    },
  });

type CheckedTls = z.output<typeof tls>;

export function compileTls(checked: CheckedTls, context: TlsContext): TlsConfig {
  const folder = dirname(context.file);
  const certificates = compileCertificates(checked.certificates ?? [], folder);
  const clients = checked.clientCertificates;
  return {
    port: checked.port ?? null,
    certificates,
    redirect: checked.redirect,
    hsts: checked.hsts ? hstsRows.compile(checked.hsts) : null,
    minVersion: `TLSv${checked.minVersion}`,
    clientCertificates: clients === undefined ? null : { ...clients, ca: resolve(folder, clients.ca) },
    acme: checked.acme ? compileAcme(checked.acme, context) : null,
  };
}

function compileCertificates(
  written: z.output<typeof certificatesValue> | readonly [],
  folder: string,
): TlsConfig['certificates'] {
  if (written === 'dev') return written;
  return written.map(({ cert, key }) => ({ cert: resolve(folder, cert), key: resolve(folder, key) }));
}

/** Of the admin listener. @param written `true`: the certificates of the gateway's own `tls:`. @returns `undefined`: it has none */
export function compileAdminTls(
  written: z.output<typeof certificatesValue> | boolean,
  tls: TlsConfig | null,
  folder: string,
): TlsConfig | undefined {
  if (written === false || (written === true && tls === null)) return undefined;
  return {
    port: null,
    redirect: false,
    hsts: null,
    minVersion: tls?.minVersion ?? 'TLSv1.2',
    // Admin clients are identified by key.
    clientCertificates: null,
    ...(written === true
      ? { certificates: tls!.certificates, acme: tls!.acme }
      : { certificates: compileCertificates(written, folder), acme: null }),
  };
}
