/** `jwt:` below `auth:`. */

import { resolve } from 'node:path';
import { z } from 'zod';
import { accepted, type ParseResult, refused } from '../../../keys/parse-result.ts';
import { row, section } from '../../../keys/section.ts';
import { described, duration, oneOrMore, orWord, parsedBy, text } from '../../../keys/value.ts';
import type { JwtSettings } from '../settings.ts';
import { parseHttpUrl } from '../url.ts';

/** Asymmetric ones: the gateway has only public keys, and none of them must be taken for a shared secret (RFC 8725 §3.1). */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

const algorithm = parsedBy(z.string(), parseAlgorithm, { expected: 'RS256, ES256, EdDSA or the like' });
const name = z.string().min(1);

const rows = section({
  user: row(name, 'The claim that says who it is.', {
    expected: 'the name of a claim',
    type: 'text',
    default: 'sub',
    also: 'userclaim usernameclaim principalclaim',
  }),
  tolerance: row(
    duration({ min: '0ms', max: '5m' }),
    'By how much the clocks of issuer and gateway may differ.',
    { as: 'toleranceMs', default: '30s', also: 'leeway clockskew clocktolerance' },
  ),
});

export const jwtForm = z
  .strictObject({
    jwks: described(
      parsedBy(z.string().min(1), parseKeySet),
      'The public keys of the issuer: a URL, or a file. They are fetched ahead and when a token names a new one; those that are there serve on while the issuer is down.',
      {
        expected: 'a URL, or the path of a file',
        type: 'https URL, or path from the folder of the configuration',
        also: 'jwksuri jwksurl remotejwks keysurl',
      },
    ),
    issuer: described(name, 'What the token must have as `iss`.', {
      expected: 'the issuer as tokens name it',
      type: 'text',
      also: 'iss',
    }),
    audience: described(
      orWord(
        'none',
        oneOrMore(name).meta({ doc: { expected: 'a text, or a list', type: 'text or list of texts' } }),
      ),
      'What the token must have as `aud`, or one of them. `none` takes tokens that were made for any service.',
      { also: 'aud audiences clientid' },
    ),
    algorithms: described(
      oneOrMore(algorithm),
      'Which signatures are taken. Never `none`, and none with a shared secret.',
      {
        expected: 'an algorithm, or a list of them',
        type: ALGORITHMS.map((each) => `\`${each}\``).join(', '),
        defaultText: 'all of them',
        also: 'alg algs algorithm',
      },
    ).optional(),
    user: rows.shape.user,
    claims: described(
      z.record(name, oneOrMore(text)),
      'Claims that are demanded, with a value, or a list of values of which one is enough; else 403.',
      {
        expected: 'a map of claims to values',
        type: 'map of names to text, or a list',
        also: 'requiredclaims requireclaims',
      },
    ).optional(),
    scopes: described(oneOrMore(name), 'Scopes that are demanded, all of them; else 403.', {
      expected: 'a scope, or a list of them',
      type: 'text or list of texts',
      also: 'scope requiredscopes',
    }).optional(),
    tolerance: rows.shape.tolerance,
  })
  .meta({ id: 'jwt', doc: { expected: 'a map with jwks, issuer, audience', holder: 'jwt' } });

export function compileJwt(written: z.output<typeof jwtForm>, folder: string): JwtSettings {
  const { jwks, issuer, audience, algorithms = ALGORITHMS, claims = {}, scopes = [] } = written;
  return {
    kind: 'jwt',
    jwks: jwks.url === null ? { url: null, file: resolve(folder, jwks.path) } : { url: jwks.url, file: null },
    issuer,
    audience,
    algorithms,
    claims,
    scopes,
    ...rows.compile(written),
  };
}

type KeySet = { readonly url: string; readonly path: null } | { readonly url: null; readonly path: string };

function parseKeySet(written: string): ParseResult<KeySet> {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) return accepted({ url: null, path: written });
  const url = parseHttpUrl(written);
  return url.ok ? accepted({ url: url.value.href, path: null }) : url;
}

function parseAlgorithm(written: string): ParseResult<string> {
  const known = ALGORITHMS.find((each) => each.toLowerCase() === written.toLowerCase());
  if (known !== undefined) return accepted(known);
  if (/^(none|hs\d+)$/i.test(written))
    return refused(
      'only signatures that are checked by a public key: anybody who can check a shared secret can sign with it',
    );
  return refused(`one of ${ALGORITHMS.join(', ')}`);
}
