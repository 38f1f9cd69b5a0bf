import { expect, it } from 'vitest';
import { placementOf } from './geometry.ts';

const landscape = { width: 400, height: 200 };

it.each([
  ['as it is', {}, 400, 200, 'fill'],
  ['by width', { width: 100 }, 100, 50, 'fill'],
  ['by height', { height: 100 }, 200, 100, 'fill'],
  ['inside, bound by width', { width: 100, height: 100 }, 100, 50, 'fill'],
  ['inside, bound by height', { width: 300, height: 50 }, 100, 50, 'fill'],
  ['outside', { width: 100, height: 100, fit: 'outside' }, 200, 100, 'fill'],
  ['cover', { width: 100, height: 100, fit: 'cover' }, 100, 100, 'cover'],
  ['contain', { width: 100, height: 100, fit: 'contain' }, 100, 100, 'contain'],
  ['fill', { width: 100, height: 100, fit: 'fill' }, 100, 100, 'fill'],
  ['a line stays one pixel high', { width: 1 }, 1, 1, 'fill'],
  ['not larger by width', { width: 900 }, 400, 200, 'fill'],
  ['not larger inside', { width: 900, height: 900 }, 400, 200, 'fill'],
  ['not larger outside', { width: 900, height: 900, fit: 'outside' }, 400, 200, 'fill'],
  [
    'not larger by cover: the box shrinks to what there is',
    { width: 800, height: 800, fit: 'cover' },
    200,
    200,
    'cover',
  ],
  ['not larger by contain', { width: 800, height: 800, fit: 'contain' }, 400, 400, 'contain'],
  ['not larger by fill', { width: 800, height: 800, fit: 'fill' }, 200, 200, 'fill'],
] as const)('%s', (_name, wanted, width, height, fit) => {
  const parameters = { width: undefined, height: undefined, fit: 'inside', ...wanted } as const;
  expect(placementOf(landscape, parameters, 1000)).toEqual({ width, height, fit });
});

it.each([
  ['as it is', {}, 1000, 100],
  ['by height', { height: 500 }, 1000, 100],
  ['outside', { width: 10, height: 500, fit: 'outside' }, 1000, 100],
  ['cover', { width: 1000, height: 500, fit: 'cover' }, 1000, 500],
] as const)('no side is longer than the limit: %s', (_name, wanted, width, height) => {
  const parameters = { width: undefined, height: undefined, fit: 'inside', ...wanted } as const;
  const placement = placementOf({ width: 20_000, height: 2000 }, parameters, 1000);
  expect([placement.width, placement.height]).toEqual([width, height]);
});
