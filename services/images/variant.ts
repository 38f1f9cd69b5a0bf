import { createHash } from 'node:crypto';
import { type FormatName, formats } from './formats.ts';
import { type Placement, placementOf } from './geometry.ts';
import { negotiateFormat } from './negotiation.ts';
import type { Original } from './original.ts';
import type { ImageParameters } from './parameters.ts';

/**
 * One of the images that an original can become, settled in full: the same variant of the same bytes is the
 * same bytes.
 */
export interface Variant {
  readonly format: FormatName;
  readonly placement: Placement;
  /** On JPEG's scale; `null` for encodings that lose nothing. */
  readonly quality: number | null;
  /** All frames, or the first alone. */
  readonly animated: boolean;
  /**
   * Whether the EXIF orientation is applied. libvips turns single images only: a film is shown as it was
   * made.
   */
  readonly turned: boolean;
}

const defaultQuality = 80;

export function variantOf(
  original: Original,
  parameters: ImageParameters,
  accept: string | undefined,
  sideMax: number,
): Variant {
  const { format: named } = parameters;
  const format = named === undefined || named === 'original' ? negotiateFormat(accept, original) : named;
  return {
    format,
    placement: placementOf(original, parameters, sideMax),
    quality: formats[format].lossy ? (parameters.quality ?? defaultQuality) : null,
    animated: original.frames > 1 && formats[format].animation,
    turned: original.frames === 1,
  };
}

/**
 * A strong entity tag that is known before the image is made, so that a client or cache that has it costs no
 * work. `encoder` stands for the code that makes the bytes: another release of it may make others from the
 * same variant.
 */
export function variantEtag(original: Original, variant: Variant, encoder: string): string {
  const identity = JSON.stringify([original.sha256, variant, encoder]);
  return `"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`;
}
