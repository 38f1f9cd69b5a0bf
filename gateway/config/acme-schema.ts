/** Certificates that the gateway orders: `tls: { acme: ... }`. */

import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseHost } from '../keys/host.ts';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { defaulted, described, flag, form, oneOf, oneOrMore, parsedBy, path } from '../keys/value.ts';
import type { AcmeConfig, RouteConfig, TlsConfig } from '../model/config.ts';
import { reportKey, type SourceDocument } from './source-document.ts';

const DIRECTORIES: Readonly<Record<string, string>> = {
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  'letsencrypt-staging': 'https://acme-staging-v02.api.letsencrypt.org/directory',
};

function parseDirectory(text: string): ParseResult<string> {
  const known = Object.hasOwn(DIRECTORIES, text) ? DIRECTORIES[text] : undefined;
  if (known !== undefined) return accepted(known);
  if (!URL.canParse(text)) return refused();
  const { protocol, username, href } = new URL(text);
  if (username !== '') return refused('what an authority gives its customers is `externalAccount`');
  return protocol === 'https:' ? accepted(href) : refused('a directory is asked by https (RFC 8555 §6.1)');
}

/** A name that HTTP-01 and TLS-ALPN-01 can validate. */
function parseName(text: string): ParseResult<string> {
  if (text.startsWith('*.'))
    return refused(
      'an authority wants DNS-01 for a wildcard, which Portway has not: name each host, or give a certificate of your own',
    );
  const parsed = parseHost(text);
  if (!parsed.ok) return parsed;
  if (isIP(parsed.value.replace(/^\[|\]$/g, '')) !== 0)
    return refused('a certificate is for a name, not for an address');
  return parsed.value.includes('.')
    ? parsed
    : refused('a public authority knows names with a dot alone: shop.example.com');
}

const email = z
  .string()
  .max(254)
  .regex(/^[^\s@,?]+@[^\s@,?]+$/)
  .meta({ doc: { expected: 'an address, ops@example.com', type: 'address' } });

const filled = (expected: string) =>
  z
    .string()
    .min(1)
    .max(1_000)
    .meta({ doc: { expected, type: 'text' } });

export const externalAccountForm = form('externalAccount', 'externalAccount', {
  keyId: described(filled('the identifier of a key'), 'The identifier that the authority gave.', {
    defaultText: '**required**',
    also: 'kid eabkid id',
  }),
  key: described(
    z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .meta({ doc: { expected: 'a key in base64url', type: 'text' } }),
    'The key that goes with it, in base64url.',
    { defaultText: '**required**', also: 'hmac hmackey mackey eabhmackey secret' },
  ),
});

export const acmeForm = z
  .strictObject({
    email: described(email, 'Where the authority writes to when something is wrong with the account.', {
      also: 'mail contact contacts',
    }).optional(),
    directory: defaulted(
      parsedBy(z.string(), parseDirectory, {
        expected: 'letsencrypt, letsencrypt-staging or the https URL of a directory',
        type: '`letsencrypt`, `letsencrypt-staging`, or a URL',
      }),
      'Whose certificates they are. Try a new set-up with `letsencrypt-staging` first: its certificates are worth nothing, and its limits are wide.',
      { default: 'letsencrypt', also: 'ca caserver server acmeca issuer directoryurl endpoint' },
    ),
    names: described(
      oneOrMore(
        parsedBy(z.string(), parseName, { expected: 'a host name with a dot', type: 'host name' }),
      ).meta({ doc: { expected: 'a host name, or a list of them', type: 'host name, or a list of them' } }),
      'For which names certificates are ordered, one for each.',
      {
        defaultText: 'the hosts of routes and of `allowedHosts` that are names with a dot',
        also: 'domains domain hosts subjects sans',
      },
    ).optional(),
    challenge: described(
      oneOf('http-01', 'tls-alpn-01').meta({ doc: { expected: 'http-01 or tls-alpn-01' } }),
      'How a name is proven to be ours: `http-01` by plain HTTP on port 80, `tls-alpn-01` by a handshake on port 443.',
      {
        defaultText: '`http-01`, and where that fails `tls-alpn-01`',
        type: '`http-01`, `tls-alpn-01`',
        also: 'httpchallenge tlschallenge challenges',
      },
    ).optional(),
    folder: described(
      path('the path of a folder'),
      'Where account, keys and certificates are kept, relative to this file: 0600, for their owner alone.',
      {
        defaultText:
          '`acme` in `$STATE_DIRECTORY`, else in `~/.local/state/portway`, for root in `/var/lib/portway`',
        also: 'storage cachedir dir path',
      },
    ).optional(),
    profile: described(
      filled('the name of a profile'),
      'Which of the kinds of certificates that the directory has: `shortlived`, `tlsserver`.',
      { defaultText: "the directory's own" },
    ).optional(),
    externalAccount: described(
      externalAccountForm,
      'What the authority gives its customers, where it serves nobody else (RFC 8555 §7.3.4).',
      { also: 'eab externalaccountbinding acmeeab' },
    ).optional(),
    ca: described(
      path('the path of a certificate'),
      'PEM, relative to this file: the authorities that vouch for the directory itself, where it is one of your own.',
      { defaultText: 'those that the system knows', also: 'cacertificates trustedroots acmecaroot root' },
    ).optional(),
  })
  .meta({ id: 'acme', doc: { expected: 'on, or a map with email, directory', holder: 'acme' } });

export const acmeValue = z.union([flag.transform((on) => (on ? acmeForm.parse({}) : null)), acmeForm]).meta({
  doc: { expected: 'on, or a map with email, directory', type: '`on`, or a map, see [acme](#acme)' },
});

/** The parts of the configuration that certificates depend on. */
export interface TlsContext {
  /** Absolute path of the configuration: paths in it are relative to its folder. */
  readonly file: string;
  readonly routes: readonly RouteConfig[];
  readonly allowedHosts: readonly string[];
}

type CheckedAcme = z.output<typeof acmeForm>;

export function compileAcme(checked: CheckedAcme, { file, routes, allowedHosts }: TlsContext): AcmeConfig {
  const placed = (text: string | undefined) => (text === undefined ? null : resolve(dirname(file), text));
  const hosts = [...routes.flatMap(({ matcher }) => matcher.host ?? []), ...allowedHosts];
  return {
    directory: checked.directory,
    email: checked.email ?? null,
    names: [...new Set(checked.names ?? hosts.filter(isPublic))],
    folder: placed(checked.folder),
    profile: checked.profile ?? null,
    challenge: checked.challenge ?? null,
    externalAccount: checked.externalAccount ?? null,
    ca: placed(checked.ca),
  };
}

/** Whether an authority can give a certificate for a host that stands in the configuration for other reasons. */
function isPublic(host: string): boolean {
  return parseName(host).ok && !/\.(localhost|local|internal)$/.test(host);
}

/** Reports `tls:` without a source of certificates, or with two. */
export function reportCertificateSources(tls: TlsConfig | null, document: SourceDocument): void {
  if (tls === null || document.problems.touches('tls')) return;
  const { acme, certificates } = tls;
  if (acme === null && certificates.length === 0)
    reportKey(document, ['tls'], {
      expected: 'certificates or acme',
      found: 'neither',
      hint: 'write acme: on to have certificates ordered, or certificates: { cert: ..., key: ... }',
    });
  if (acme !== null && certificates === 'dev')
    reportKey(document, ['tls', 'acme'], {
      expected: 'certificates: dev or acme',
      found: 'both',
      hint: 'dev is for this machine alone: take one of the two out',
    });
  else if (acme?.names.length === 0)
    reportKey(document, ['tls', 'acme'], {
      expected: 'a name to order a certificate for',
      found: 'none',
      hint: 'write names: [shop.example.com], or give a route a host: shop.example.com/',
    });
}
