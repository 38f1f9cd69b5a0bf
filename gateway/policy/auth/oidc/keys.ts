/** `oidc:` below `auth:`. */

import { z } from 'zod';
import { parseFieldText } from '../../../keys/field.ts';
import { accepted, type ParseResult, refused } from '../../../keys/parse-result.ts';
import { row, section } from '../../../keys/section.ts';
import { described, duration, form, oneOrMore, parsedBy } from '../../../keys/value.ts';
import type { OidcSettings } from '../settings.ts';
import { HTTP_URL, isLoopback, parseHttpUrl } from '../url.ts';

const name = z.string().min(1);

const email = parsedBy(z.string(), parseEmail, { expected: 'an address, or @ and a domain', type: 'text' });

const secret = parsedBy(z.string(), parseSecret);

export const allowForm = form('oidcAllow', 'allow', {
  emails: described(
    oneOrMore(email),
    'Addresses that may pass: `ann@example.com`, or `@example.com` for all of a domain. One that the provider calls unverified is none.',
    { expected: 'an address, or a list of them', type: 'text or list of texts', also: 'email domains' },
  ).optional(),
  groups: described(oneOrMore(name), 'Groups that may pass, of the claim `groups`.', {
    expected: 'a group, or a list of them',
    type: 'text or list of texts',
    also: 'group roles',
  }).optional(),
});

const rows = section({
  user: row(name, 'The claim that says who it is.', {
    expected: 'the name of a claim',
    type: 'text',
    default: 'sub',
    also: 'userclaim usernameclaim',
  }),
  idle: row(duration({ min: '10s', max: '30d' }), 'How long a session lasts that is not used.', {
    as: 'idleMs',
    default: '2h',
    also: 'idletimeout inactivity',
  }),
  lifetime: row(duration({ min: '10s', max: '90d' }), 'How long a session lasts at most.', {
    as: 'lifetimeMs',
    default: '24h',
    also: 'absolutelifetime maxage cookieexpire',
  }),
  sessionKey: row(secret, 'What the key of the sessions is derived from, instead of the `clientSecret`.', {
    expected: 'a text of 24 characters or more',
    type: 'text',
    defaultText: 'the `clientSecret`',
    also: 'cookiesecret sessionsecret',
  }),
  afterLogout: row(
    parsedBy(z.string().min(1), parseUrl, { pattern: HTTP_URL }),
    'Where the provider sends who has logged out. It must be registered there.',
    { expected: 'a URL', type: 'URL', defaultText: 'nowhere', also: 'postlogoutredirecturi' },
  ),
});

export const oidcForm = z
  .strictObject({
    issuer: described(
      parsedBy(z.string().min(1), parseIssuer, { pattern: HTTP_URL }),
      'The provider, as it names itself.',
      {
        expected: 'a URL',
        type: 'https URL; http for this machine alone',
        also: 'provider issuerurl discovery oidcissuerurl',
      },
    ),
    clientId: described(name, 'As what the gateway is registered there.', {
      expected: 'the name of the client',
      type: 'text',
      also: 'client clientid',
    }),
    clientSecret: described(
      secret,
      'What it proves that with: a variable of the environment keeps it out of the file.',
      { expected: 'a text of 24 characters or more', type: 'text', also: 'secret' },
    ),
    scopes: described(
      oneOrMore(name),
      'What is asked for. `offline_access` is what many providers give refresh tokens for.',
      {
        expected: 'a scope, or a list of them',
        type: 'text or list of texts',
        defaultText: '`openid`, `email`, `profile`',
        also: 'scope',
      },
    ).optional(),
    user: rows.shape.user,
    allow: described(allowForm, 'Who may pass of those who can log in: one of these is enough, else 403.', {
      defaultText: 'everybody who can log in',
      also: 'allowed allowedgroups allowedemails',
    }).optional(),
    idle: rows.shape.idle,
    lifetime: rows.shape.lifetime,
    sessionKey: rows.shape.sessionKey,
    afterLogout: rows.shape.afterLogout,
  })
  .meta({ id: 'oidc', doc: { expected: 'a map with issuer, clientId, clientSecret', holder: 'oidc' } });

export function compileOidc(written: z.output<typeof oidcForm>): OidcSettings {
  const { issuer, clientId, clientSecret, scopes = ['email', 'profile'], allow } = written;
  return {
    kind: 'oidc',
    issuer,
    clientId,
    clientSecret,
    scopes: [...new Set(['openid', ...scopes])],
    emails: allow?.emails ?? [],
    groups: allow?.groups ?? [],
    allowsAll: allow === undefined,
    ...rows.compile(written),
  };
}

function parseUrl(written: string): ParseResult<string> {
  const url = parseHttpUrl(written);
  return url.ok ? accepted(written) : url;
}

/** Codes and secrets go there: in the clear only within this machine. */
function parseIssuer(written: string): ParseResult<string> {
  const parsed = parseUrl(written);
  if (!parsed.ok) return parsed;
  const { protocol, hostname, search, hash } = new URL(written);
  if (search !== '' || hash !== '') return refused('an issuer has neither a query nor a fragment');
  if (protocol === 'http:' && !isLoopback(hostname))
    return refused('https, except for a provider on this machine');
  return parsed;
}

/** The holder of a cookie could find a short secret by trying. */
function parseSecret(written: string): ParseResult<string> {
  return written.length < 24
    ? refused('at least 24 characters, by chance: whoever finds it by trying makes sessions at will')
    : accepted(written);
}

function parseEmail(written: string): ParseResult<string> {
  const text = parseFieldText(written);
  if (!text.ok) return text;
  return /^[^\s@]*@[^\s@]+$/.test(written)
    ? accepted(written.toLowerCase())
    : refused('ann@example.com, or @example.com for all of a domain');
}
