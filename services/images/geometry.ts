import type { ImageParameters } from './parameters.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size that comes out, and what happens to the image where its proportions are others. */
export interface Placement extends Size {
  readonly fit: 'fill' | 'cover' | 'contain';
}

/**
 * Never enlarges: the original's pixels are all there are. A box that would need more shrinks in its own
 * proportions. No side gets longer than `sideMax`, whatever the other one asks for.
 */
export function placementOf(
  original: Size,
  wanted: Pick<ImageParameters, 'width' | 'height' | 'fit'>,
  sideMax: number,
): Placement {
  const { width, height, fit } = wanted;
  if (width === undefined || height === undefined || fit === 'inside' || fit === 'outside') {
    // In the original's own proportions; `fill` only settles the rounding.
    return { ...scaled(original, proportionalScale(original, wanted), sideMax), fit: 'fill' };
  }
  const across = width / original.width;
  const down = height / original.height;
  const enlargement = fit === 'contain' ? Math.min(across, down) : Math.max(across, down);
  return { ...scaled({ width, height }, Math.min(1, 1 / enlargement), sideMax), fit };
}

function proportionalScale(
  original: Size,
  { width, height, fit }: Pick<ImageParameters, 'width' | 'height' | 'fit'>,
): number {
  const scales = [
    ...(width === undefined ? [] : [width / original.width]),
    ...(height === undefined ? [] : [height / original.height]),
  ];
  if (scales.length === 0) return 1;
  return Math.min(1, fit === 'outside' ? Math.max(...scales) : Math.min(...scales));
}

function scaled(size: Size, scale: number, sideMax: number): Size {
  const limit = Math.min(scale, sideMax / Math.max(size.width, size.height));
  return { width: atLeastOne(size.width * limit), height: atLeastOne(size.height * limit) };
}

function atLeastOne(side: number): number {
  return Math.max(1, Math.round(side));
}
