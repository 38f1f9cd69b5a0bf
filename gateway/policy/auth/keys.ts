/** `auth:` of a route or of the top level. */

import { resolve } from 'node:path';
import { z } from 'zod';
import { parseFieldText, parseHeaderName, TOKEN } from '../../keys/field.ts';
import { inherited } from '../../keys/inherited.ts';
import { accepted, type ParseResult, refused } from '../../keys/parse-result.ts';
import { described, flag, oneOrMore, orWord, parsedBy } from '../../keys/value.ts';
import { canonicalPath } from '../../route/target.ts';
import { compileForward, FORWARD_COMPANIONS, forwardShape } from './forward/keys.ts';
import { compileJwt, jwtForm } from './jwt/keys.ts';
import { compileOidc, oidcForm } from './oidc/keys.ts';
import type { AuthSettings, Exception, KindSettings } from './settings.ts';

const file = z.string().min(1);
const REALM = 'Portway';
const KEY_HEADER = 'X-API-Key';

/** The keys of all kinds in one map: a kind is named by its own key, and the others go with it. */
const kindShape = {
  basic: described(file, 'A name and a password of this file, which `portway passwd FILE USER` makes.', {
    expected: 'the path of a file',
    type: 'path, from the folder of the configuration',
    also: 'basicauth authbasicuserfile usersfile htpasswd users',
  }).optional(),
  realm: described(parsedBy(z.string(), parseFieldText), 'With `basic`: what browsers show when they ask.', {
    expected: 'a text',
    type: 'text',
    default: REALM,
  }).optional(),
  keys: described(file, 'A key of this file, which `portway passwd --key FILE NAME` makes.', {
    expected: 'the path of a file',
    type: 'path, from the folder of the configuration',
    also: 'apikey apikeys keyauth',
  }).optional(),
  header: described(parsedBy(z.string(), parseHeaderName), 'With `keys`: the field that the key is in.', {
    expected: 'a header name',
    type: 'header name',
    default: KEY_HEADER,
    also: 'keynames keyheader',
  }).optional(),
  bearer: described(flag, 'With `keys`: whether a key may come as `Authorization: Bearer`, too.', {
    default: 'off',
  }).optional(),
};

const allKinds = {
  ...kindShape,
  ...forwardShape,
  oidc: described(oidcForm, 'A login at an OpenID Connect provider, for browsers.', {
    expected: 'a map with issuer, clientId, clientSecret',
    type: 'map, see [oidc](#oidc)',
    also: 'openid openidconnect oauth2 sso',
  }).optional(),
  jwt: described(jwtForm, 'A signed token of an issuer, as `Authorization: Bearer`.', {
    expected: 'a map with jwks, issuer, audience',
    type: 'map, see [jwt](#jwt)',
    also: 'jwtauth authjwt bearertoken jsonwebtoken',
  }).optional(),
};

/** Which keys name a kind, and which others go with it. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  basic: ['realm'],
  keys: ['header', 'bearer'],
  jwt: [],
  forward: FORWARD_COMPANIONS,
  oidc: [],
};

const KINDS = Object.keys(COMPANIONS);

const kindForm = z
  .strictObject(allKinds)
  .check(({ value, issues }) => {
    issues.push(...faultsOfKind(value, KINDS));
  })
  .meta({ id: 'authKind', doc: { expected: `a map with one of ${KINDS.join(', ')}`, holder: 'a kind' } });

const kindsDoc = { expected: 'a list of kinds', type: 'list of maps with the keys above' };

const exception = parsedBy(z.string(), parseException, {
  expected: 'a method, a path, or both',
  type: 'method, path, or both',
});

export const authForm = z
  .strictObject({
    ...allKinds,
    any: described(z.array(kindForm).min(1), 'Several kinds, of which one is enough.', {
      ...kindsDoc,
      also: 'satisfyany oneof',
    }).optional(),
    all: described(z.array(kindForm).min(1), 'Several kinds, all of which are needed.', {
      ...kindsDoc,
      also: 'satisfyall satisfy',
    }).optional(),
    except: described(
      oneOrMore(exception),
      'Requests that pass without: `OPTIONS`, `/db/health` (this path alone), `/db/public/` (all below it), `GET /db/list`. Paths as the client asks for them.',
      {
        expected: 'a method, a path, or both, or a list of them',
        type: 'method, path or both, or a list',
        also: 'exclude excluded skip public bypass allowanonymous',
      },
    ).optional(),
  })
  .check(({ value, issues }) => {
    issues.push(...faultsOfKind(value, [...KINDS, 'any', 'all']), ...faultsOfLogins(value));
  })
  .meta({
    id: 'auth',
    doc: { expected: `a map with ${[...KINDS, 'any', 'all'].join(', ')}`, holder: 'auth' },
  });

const authValue = orWord('off', authForm).meta({
  doc: { expected: 'off, or a map that names a kind of proof', type: '`off`, or a map, see [auth](#auth)' },
});

export const authRow = inherited('auth', authValue, {
  compile: (written, _base: AuthSettings | null, folder) => written && compileAuth(written, folder),
  top: { text: 'Who may pass, on every route that does not say otherwise.', default: 'off' },
  route: {
    text: 'Who may pass, and how they prove it ([auth.md](auth.md)). `off` lets everybody pass, whatever the top level says.',
    also: 'authentication authenticate authorization security login',
  },
});

type WrittenKind = z.output<typeof kindForm>;

function compileAuth(written: z.output<typeof authForm>, folder: string): AuthSettings {
  const { any, all, except = [], ...own } = written;
  const kinds = (any ?? all ?? [own]).map((kind) => compileKind(kind, folder));
  return { need: all ? 'all' : any ? 'any' : null, kinds, except };
}

function compileKind(written: WrittenKind, folder: string): KindSettings {
  const { basic, realm = REALM, keys, header = KEY_HEADER, bearer = false, jwt } = written;
  const { forward, oidc } = written;
  if (oidc !== undefined) return compileOidc(oidc);
  if (forward !== undefined) return compileForward({ ...written, forward });
  if (jwt !== undefined) return compileJwt(jwt, folder);
  if (basic !== undefined) return { kind: 'basic', file: resolve(folder, basic), realm };
  return { kind: 'keys', file: resolve(folder, keys!), header, bearer };
}

/** Faults of an entry that mixes kinds, or has keys of another one. */
function faultsOfKind(value: Readonly<Record<string, unknown>>, kinds: readonly string[]) {
  const there = Object.keys(value).filter((key) => value[key] !== undefined);
  const [kind, second] = there.filter((key) => kinds.includes(key));
  const fault = (path: string[], expected: string, hint: string) => ({
    code: 'custom' as const,
    input: value,
    path,
    params: { atKey: path.length > 0, expected, hint },
  });
  if (kind === undefined)
    return [fault([], `one of ${kinds.join(', ')}`, 'it says how those who ask prove it')];
  if (second !== undefined)
    return [
      fault(
        [second],
        'one kind of proof',
        `several stand in a list below any: or all:, as ${kind} and ${second} would`,
      ),
    ];
  const companions = COMPANIONS[kind] ?? [];
  return there
    .filter((key) => key !== kind && key !== 'except' && !companions.includes(key))
    .map((key) => fault([key], `what goes with ${kind}`, `${key} has no meaning beside ${kind}`));
}

/** A browser can't be led to two logins at once. */
function faultsOfLogins({ any, all }: Readonly<Record<string, unknown>>) {
  const kinds = any ?? all;
  if (!Array.isArray(kinds)) return [];
  const second = kinds.flatMap((kind, at) => (Object(kind).oidc === undefined ? [] : [at]))[1];
  if (second === undefined) return [];
  return [
    {
      code: 'custom' as const,
      input: kinds,
      path: [any ? 'any' : 'all', second],
      params: { atKey: false, expected: 'one oidc', hint: 'a browser is led to one login' },
    },
  ];
}

function parseException(text: string): ParseResult<Exception> {
  const [first = '', second, ...more] = text.trim().split(/\s+/);
  if (more.length > 0) return refused('one method and one path');
  if (second === undefined && first.startsWith('/')) return pathException(null, first);
  if (!TOKEN.test(first)) return refused('a path begins with /');
  const method = first.toUpperCase();
  return second === undefined ? accepted({ method, path: null }) : pathException(method, second);
}

function pathException(method: string | null, text: string): ParseResult<Exception> {
  if (/[?#*]/.test(text))
    return refused('a path alone; all below it is written with a slash at its end: /public/');
  const path = text.startsWith('/') ? canonicalPath(text) : null;
  if (path === null || !path.ok) return refused('a path as clients ask for it, without dot segments');
  return accepted({ method, path: path.path });
}
