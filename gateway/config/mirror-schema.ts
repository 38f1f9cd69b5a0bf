/** Schema of `mirror:`, the target of copies of requests. */

import { z } from 'zod';
import { TOKEN } from '../keys/field.ts';
import { accepted, refused } from '../keys/parse-result.ts';
import { row, section } from '../keys/section.ts';
import type { Target } from '../keys/target.ts';
import { described, form, oneOrMore, parsedBy, percent, size, target } from '../keys/value.ts';
import type { CompareConfig, MirrorConfig } from '../model/config.ts';
import { endpointOf, type Places } from './endpoint.ts';

const rows = section({
  share: row(
    percent({ min: '0%', max: '100%' }),
    'Of how many requests a copy is sent: counted, not left to chance.',
    { default: '100%', also: 'weight percent percentage' },
  ),
  bodyMax: row(
    size({ min: '1B', max: '1MiB' }),
    'A request with a larger body is not copied. The body waits in memory until it is whole.',
    { as: 'bodyMaxBytes', default: '64KiB', also: 'maxbodysize mirrorbody' },
  ),
});

export const mirrorForm = form('mirror', 'a mirror', {
  to: described(target, 'Where the copies go.', {
    defaultText: '**required**',
    also: 'service target url backend',
  }),
  ...rows.shape,
});

export type CheckedMirror = z.output<typeof mirrorForm>;

export const mirror = described(
  z.union([target.transform((to: Target): CheckedMirror => ({ to })), mirrorForm]),
  'Where a copy of each request goes whose answer nobody gets ([mirror.md](mirror.md)).',
  {
    expected: 'a target, or a map with to, share, bodyMax',
    type: 'target, or a map, see [mirror](#mirror)',
    also: 'mirroring shadow requestmirror tee',
  },
);

const ignored = parsedBy(
  z.string(),
  (text) => {
    if (text.startsWith('/')) return accepted(text);
    return TOKEN.test(text)
      ? accepted(text.toLowerCase())
      : refused('etag, say, or a place in JSON: /meta/at');
  },
  { expected: 'the name of a field, or a place in JSON', type: 'header name, or JSON pointer' },
);

export const compareForm = form('compare', 'a comparison', {
  to: described(target, 'The service whose answers are compared.', {
    defaultText: '**required**',
    also: 'service target url backend',
  }),
  share: rows.shape.share,
  ignore: described(
    oneOrMore(ignored),
    'What may differ: fields (`etag`), and places in JSON with what lies below them (`/meta/at`).',
    {
      expected: 'the name of a field, a place in JSON, or a list of them',
      type: 'header name, JSON pointer, or a list of them',
      defaultText: '`Date`, `Age` and their like alone',
      also: 'except exclude ignored noise',
    },
  ).optional(),
});

export type CheckedCompare = z.output<typeof compareForm>;

export const compare = described(
  z.union([target.transform((to: Target): CheckedCompare => ({ to })), compareForm]),
  'A second service that gets a copy of safe requests, and whose answers are held against those of the first ([compare.md](compare.md)).',
  {
    expected: 'a target, or a map with to, share, ignore',
    type: 'target, or a map, see [compare](#compare)',
    also: 'diff comparison experiment scientist',
  },
);

/** A mirror whose answers are looked at. */
export function compileCompare({ to, share, ignore = [] }: CheckedCompare, places: Places): MirrorConfig {
  const compare: CompareConfig = { ignore };
  return { ...compileMirror({ to, ...(share !== undefined && { share }) }, places), compare };
}

export function compileMirror(form: CheckedMirror, places: Places): MirrorConfig {
  const endpoint = { address: endpointOf(form.to, places), weight: 1, backup: false };
  return { endpoint, ...rows.compile(form) };
}
