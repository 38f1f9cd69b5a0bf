import sharp, { type Sharp } from 'sharp';

export type { Sharp };

/**
 * Opens an image for decoding. Damaged pixels fail it, and so do more than `pixelsMax` of them (all frames
 * together), which is known from the head, before anything is unpacked.
 */
type OpenImage = (bytes: Buffer, options: { readonly animated: boolean }) => Sharp;

export interface Codec {
  readonly open: OpenImage;
  /** Changes when the same input may give other bytes. */
  readonly release: string;
}

// Goes up by one when the recipe in encode.ts changes.
const recipe = 1;

/**
 * sharp, set up for strangers' bytes: of libvips' decoders only five are left, which leaves out SVG, PDF,
 * TIFF and what else can carry scripts, reach for other files or has a long list of past holes.
 */
export function createCodec(options: { readonly pixelsMax: number; readonly threads: number }): Codec {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: decoders.map((name) => `VipsForeignLoad${name}`) });
  // Originals are read whole, once, and are gone from memory afterwards.
  sharp.cache(false);
  sharp.concurrency(options.threads);
  return {
    open: (bytes, { animated }) =>
      sharp(bytes, {
        animated,
        failOn: 'error',
        limitInputPixels: options.pixelsMax,
        sequentialRead: true,
      }),
    release: `${sharp.versions.sharp}/${sharp.versions.vips}/${recipe}`,
  };
}

const decoders = ['Jpeg', 'Png', 'Webp', 'Heif', 'Nsgif'];
