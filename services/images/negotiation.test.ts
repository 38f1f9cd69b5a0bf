import { describe, expect, it } from 'vitest';
import { negotiateFormat } from './negotiation.ts';
import type { ImageDescription } from './original.ts';

const photograph: ImageDescription = { format: 'jpeg', width: 9, height: 9, frames: 1, alpha: false };
const drawing: ImageDescription = { ...photograph, format: 'png' };
const cutOut: ImageDescription = { ...photograph, format: 'webp', alpha: true };
const film: ImageDescription = { ...photograph, format: 'gif', frames: 12 };

const chrome = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
const firefox = 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5';
const safari = 'image/webp,image/avif,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5';
const oldSafari = 'image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5';
const navigation = 'text/html,application/xhtml+xml,image/avif,image/webp,*/*;q=0.8';

describe('the format of a photograph', () => {
  it.each([
    ['Chrome', chrome, 'avif'],
    ['Firefox', firefox, 'avif'],
    ['Safari', safari, 'avif'],
    ['a browser before AVIF', 'image/webp,*/*', 'webp'],
    ['a browser before WebP', oldSafari, 'jpeg'],
    ['a browser that navigates', navigation, 'avif'],
    ['curl', '*/*', 'jpeg'],
    ['no Accept', undefined, 'jpeg'],
    ['an empty Accept', '', 'jpeg'],
    ['every image, none by name', 'image/*', 'jpeg'],
    ['WebP before AVIF by weight', 'image/avif;q=0.5, image/webp;q=0.9', 'webp'],
    ['JPEG before AVIF by weight', 'image/avif;q=0.5, image/jpeg', 'jpeg'],
    ['AVIF excluded', 'image/avif;q=0, image/webp, */*', 'webp'],
    ['all but AVIF excluded', 'image/avif, */*;q=0', 'avif'],
    ['JPEG excluded and nothing better named', 'image/jpeg;q=0, image/*;q=0', 'jpeg'],
    ['nothing that is an image', 'text/html', 'jpeg'],
    ['capitals and spaces', ' Image/WEBP ; Q=1 ,*/* ; q=0.1', 'webp'],
    ['a weight that is none', 'image/avif;q=high, image/webp;q=0.3', 'webp'],
    ['a weight above one', 'image/avif;q=7, image/webp;q=0.3', 'webp'],
    ['commas alone', ',,,', 'jpeg'],
  ])('for %s: %s is answered with %s', (_name, accept, format) => {
    expect(negotiateFormat(accept, photograph)).toBe(format);
  });
});

describe('the fallback keeps what the original has', () => {
  it.each([
    ['a photograph', photograph, 'jpeg'],
    ['an opaque WebP', { ...photograph, format: 'webp' }, 'jpeg'],
    ['a drawing', drawing, 'png'],
    ['transparency', cutOut, 'png'],
    ['a still GIF', { ...film, frames: 1 }, 'png'],
    ['a film', film, 'gif'],
  ] as const)('%s', (_name, original, format) => {
    expect(negotiateFormat('*/*', original)).toBe(format);
  });
});

it('a film never becomes AVIF, which would stop it', () => {
  expect([negotiateFormat(chrome, film), negotiateFormat('image/avif', film)]).toEqual(['webp', 'gif']);
});
