/** `respond:` of a route or of the top level. */

import { resolve } from 'node:path';
import { z } from 'zod';
import { inherited } from '../../keys/inherited.ts';
import { defaulted, described, duration, orWord, percent, text } from '../../keys/value.ts';
import { headerValues } from '../headers/keys.ts';

export interface RespondSettings {
  readonly status: number;
  /** The share of requests, from 0 to 1, in front of a service; `null`: all, without a service. */
  readonly share: number | null;
  /** Text that stands in the configuration; `null`: a file, or none. */
  readonly body: string | null;
  /** Absolute. */
  readonly file: string | null;
  /** Name, value ... */
  readonly fields: readonly string[];
}

const status = z
  .int()
  .min(200)
  .max(599)
  .meta({
    doc: {
      expected: 'a status from 200 to 599',
      type: 'number',
      bounds: { min: '200', max: '599' },
      ends: 'refused outside',
    },
  });

export const respondForm = z
  .strictObject({
    status: defaulted(status, 'The status of the answer.', { default: '200', also: 'code' }),
    share: described(
      percent({ min: '0%', max: '100%' }),
      'Of how many requests this is the answer: counted, not left to chance. With it there is a `to` beside it, which answers the others.',
      { defaultText: 'of all, and there is no `to`', also: 'percent percentage weight abort' },
    ).optional(),
    body: described(
      text,
      'Text, or the path of a text file of at most 1 MiB: what begins with `./`, `../` or `/`, relative to this file. Changes of the file are taken over.',
      { expected: 'a text, or a path: ./page.html', type: 'text or path', also: 'file' },
    ).optional(),
    retryAfter: described(
      duration({ min: '1s', max: '365d' }),
      'What `Retry-After` says, in whole seconds, rounded up.',
      {},
    ).optional(),
    headers: described(headerValues, 'Further fields of the answer, `Content-Type` among them.', {
      expected: 'a map of header names to values',
      type: 'map of names to text',
    }).optional(),
  })
  .check(({ value, issues }) => {
    if (value.body === undefined || !WITHOUT_BODY.has(value.status)) return;
    const params = {
      expected: `no body beside status ${value.status}`,
      found: 'a body',
      hint: 'an answer of this status ends with its head (RFC 9110 §15): take one of the two out',
    };
    issues.push({ code: 'custom', input: value, path: ['body'], params });
  })
  .meta({
    id: 'respond',
    doc: { expected: 'a map with status, share, body, retryAfter, headers', holder: 'respond' },
  });

const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

const respondValue = orWord(
  'off',
  z
    .union([status.transform((alone): z.output<typeof respondForm> => ({ status: alone })), respondForm])
    .meta({
      doc: {
        expected: 'a status, or a map with status, share, body, retryAfter, headers',
        type: 'status, or a map, see [respond](#respond)',
      },
    }),
);

export const respondRow = inherited('respond', respondValue, {
  compile: (written, _base: RespondSettings | null, folder) => written && compileRespond(written, folder),
  top: {
    text: 'One answer to all requests, on every route that does not say `respond: off`: the whole gateway is closed for a while.',
    default: 'off',
  },
  route: {
    text: 'The answer to all requests, in the place of `to` ([respond.md](respond.md)).',
    also: 'fixedresponse directresponse maintenance',
  },
});

function compileRespond(written: z.output<typeof respondForm>, folder: string): RespondSettings {
  const { status: own, share = null, body = null, retryAfter, headers = {} } = written;
  const isFile = body !== null && /^(?:\.{0,2}\/)/.test(body);
  const after = retryAfter === undefined ? [] : ['Retry-After', String(Math.ceil(retryAfter / 1000))];
  return {
    status: own,
    share,
    body: isFile ? null : body,
    file: isFile ? resolve(folder, body) : null,
    fields: [...after, ...Object.entries(headers).flat()],
  };
}
