import type { Codec, Sharp } from './codec.ts';
import { formats } from './formats.ts';
import type { Variant } from './variant.ts';

const nothing = { r: 255, g: 255, b: 255, alpha: 0 };

/**
 * Makes a variant from an original's bytes. What was beside the pixels (EXIF with its place and camera,
 * colour profile, comments, whatever stood behind the image) does not come along; orientation and profile are
 * applied to the pixels first.
 */
export function encodeVariant(codec: Codec, bytes: Buffer, variant: Variant): Promise<Buffer> {
  const { width, height, fit } = variant.placement;
  const image = codec.open(bytes, { animated: variant.animated });
  const upright = variant.turned ? image.autoOrient() : image;
  const sized = upright.resize({ width, height, fit, background: nothing });
  const opaque = formats[variant.format].alpha ? sized : sized.flatten({ background: '#ffffff' });
  return encodeAs(opaque, variant).toBuffer();
}

function encodeAs(image: Sharp, { format, quality, animated, placement }: Variant): Sharp {
  const q = quality ?? 100;
  switch (format) {
    case 'avif': {
      const effort = avifEffort(placement.width * placement.height);
      return image.avif({ quality: avifQuality(q), effort, chromaSubsampling: '4:2:0' });
    }
    case 'webp':
      return image.webp({ quality: q, effort: animated ? 2 : 4 });
    case 'jpeg':
      return image.jpeg({ quality: q, mozjpeg: true });
    case 'png':
      return image.png();
    case 'gif':
      return image.gif({ effort: 3 });
  }
}

/** AVIF at 50 looks like JPEG at 80; above that both scales meet at 100. */
function avifQuality(quality: number): number {
  return Math.max(1, Math.round(quality <= 80 ? quality * 0.625 : 50 + (quality - 80) * 2.5));
}

/**
 * libaom takes ten times as long from one end to the other, for a fifth of the bytes: worth it on small
 * images alone.
 */
function avifEffort(pixels: number): number {
  if (pixels <= 1_500_000) return 3;
  return pixels <= 4_000_000 ? 2 : 0;
}
