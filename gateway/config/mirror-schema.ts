/** The part of the schema that says where copies of requests go: `mirror: 3011`. */

import { z } from 'zod';
import { row, section } from '../keys/section.ts';
import type { Target } from '../keys/target.ts';
import { described, percent, size, target } from '../keys/value.ts';
import type { MirrorConfig } from '../model/config.ts';
import { endpointOf, type Places } from './endpoint.ts';

const rows = section({
  share: row(
    percent({ min: '0%', max: '100%' }),
    'share',
    'Of how many requests a copy is sent: counted, not left to chance.',
    { default: '100%', also: ['weight', 'percent', 'percentage'] },
  ),
  bodyMax: row(
    size({ min: '1B', max: '1MiB' }),
    'bodyMaxBytes',
    'A request with a larger body is not copied. The body waits in memory until it is whole.',
    { default: '64KiB', also: ['maxbodysize', 'mirrorbody'] },
  ),
});

export const mirrorForm = z
  .strictObject({
    to: described(target, 'Where the copies go.', {
      defaultText: '**required**',
      also: ['service', 'target', 'url', 'backend'],
    }),
    ...rows.shape,
  })
  .meta({ id: 'mirror', doc: { expected: 'a map with to, share, bodyMax', holder: 'a mirror' } });

export type CheckedMirror = z.output<typeof mirrorForm>;

export const mirror = described(
  z.union([target.transform((to: Target): CheckedMirror => ({ to })), mirrorForm]),
  'Where a copy of each request goes whose answer nobody gets ([mirror.md](mirror.md)).',
  {
    expected: 'a target, or a map with to, share, bodyMax',
    type: 'target, or a map, see [mirror](#mirror)',
    defaultText: 'none',
    also: ['mirroring', 'shadow', 'requestmirror', 'tee'],
  },
);

export function compileMirror(form: CheckedMirror, places: Places): MirrorConfig {
  const endpoint = { address: endpointOf(form.to, places), weight: 1, backup: false };
  return { endpoint, ...rows.compile(form) };
}
