/** The keys of `forward:` below `auth:`. */

import { z } from 'zod';
import { isHopByHop } from '../../../fields/connection.ts';
import { isForwardingField, isOtherForwardingField } from '../../../fields/forwarded.ts';
import { parseFieldText, parseHeaderName } from '../../../keys/field.ts';
import { accepted, type ParseResult, refused } from '../../../keys/parse-result.ts';
import { row, section } from '../../../keys/section.ts';
import { described, duration, parsedBy } from '../../../keys/value.ts';
import type { ForwardSettings } from '../settings.ts';
import { HTTP_URL, parseHttpUrl } from '../url.ts';

const identityField = parsedBy(z.string(), parseIdentityField, {
  expected: 'a header name',
  type: 'header name',
});

const rows = section({
  timeout: row(duration({ min: '10ms', max: '1m' }), 'With `forward`: how long its answer may take.', {
    as: 'timeoutMs',
    default: '5s',
  }),
  signIn: row(
    parsedBy(z.string().min(1), parseSignIn),
    'With `forward`: where a browser is sent that opens a page and gets 401. `{url}` becomes the address of the page, `{path}` its path alone.',
    {
      expected: 'a path or a URL',
      type: 'path or URL',
      defaultText: 'the 401 is the answer',
      also: 'signin authsignin loginurl errorpage',
    },
  ),
});

export const forwardShape = {
  forward: described(
    parsedBy(z.string().min(1), parseUrl, { pattern: HTTP_URL }),
    'A service of this URL says who may pass: 2xx lets pass, and what else it answers is the answer.',
    {
      expected: 'a URL',
      type: 'http or https URL',
      also: 'forwardauth authrequest authurl address externalauth',
    },
  ).optional(),
  copy: described(
    z.union([identityField.transform((alone) => [alone]), z.array(identityField)]),
    'With `forward`: fields of its 2xx that the service gets, in place of what the client sent by these names.',
    {
      expected: 'a header name, or a list of them',
      type: 'header name, or a list',
      also: 'copyheaders authresponseheaders authrequestset',
    },
  ).optional(),
  user: described(identityField, 'With `forward`: the field of its 2xx that says who it is.', {
    expected: 'a header name',
    type: 'header name',
    defaultText: '`X-Auth-Request-User`, else `Remote-User`',
    also: 'userfield userheader',
  }).optional(),
  ...rows.shape,
};

export const FORWARD_COMPANIONS = ['copy', 'user', 'timeout', 'signIn'];

const shape = z.object(forwardShape);

export function compileForward(
  written: z.output<typeof shape> & { readonly forward: string },
): ForwardSettings {
  const { forward, copy = [], user } = written;
  const users = user === undefined ? ['X-Auth-Request-User', 'Remote-User'] : [user];
  return { kind: 'forward', url: forward, copy, users, ...rows.compile(written) };
}

function parseUrl(written: string): ParseResult<string> {
  const url = parseHttpUrl(written, 'a URL: http://127.0.0.1:4181/auth');
  if (!url.ok) return url;
  return url.value.hash === '' ? accepted(url.value.href) : refused('no fragment: services never see it');
}

function parseIdentityField(written: string): ParseResult<string> {
  const name = parseHeaderName(written);
  if (!name.ok) return name;
  const lower = written.toLowerCase();
  if (lower === 'x-forwarded-user' || (isForwardingField(lower) && !isOtherForwardingField(lower)))
    return refused('a field that the gateway does not write itself: X-Forwarded-User is what `user` found');
  if (isHopByHop(lower) || FRAMING.has(lower))
    return refused('a field that says who asks, not how a message is sent');
  return name;
}

const FRAMING: ReadonlySet<string> = new Set(['host', 'content-length', 'expect', 'via', 'cookie']);

function parseSignIn(written: string): ParseResult<string> {
  const text = parseFieldText(written);
  if (!text.ok) return text;
  if (!/^(?:https?:\/\/[^/{]|\/(?![/\\]))/.test(written) || /[^\x21-\x7e]/.test(written))
    return refused('a path from the root or a URL: /oauth2/start?rd={path}');
  const unknown = /\{(?!(?:url|path)\})[^}]*\}?/.exec(written);
  return unknown === null ? text : refused('{url} or {path} in it, and no other braces');
}
