import { Problem } from '../kit/problem.ts';
import type { Codec, Sharp } from './codec.ts';
import { type FormatName, formatNames, formats } from './formats.ts';
import type { ImageDescription } from './original.ts';

const framesMax = 500;

/**
 * Decodes every pixel of an upload, so that what is kept can be delivered.
 * @throws Problem 415 for what is no image of a known kind, 422 for one that is broken, cut off or too large
 * to unpack.
 */
export async function inspectImage(codec: Codec, bytes: Buffer): Promise<ImageDescription> {
  try {
    const image = codec.open(bytes, { animated: true });
    const description = await describe(image);
    if (description.frames > framesMax) throw tooManyFrames(description.frames);
    await decodeAll(image);
    return description;
  } catch (error) {
    throw error instanceof Problem ? error : refusal(error);
  }
}

async function describe(image: Sharp): Promise<ImageDescription> {
  const metadata = await image.metadata();
  const format: FormatName | undefined =
    metadata.format === 'heif' && metadata.compression === 'av1'
      ? 'avif'
      : formatNames.find((name) => name === metadata.format);
  if (!format) throw unsupported();
  const alpha = metadata.hasAlpha;
  const frames = metadata.pages ?? 1;
  // Several images in one AVIF file are not a film; the first is what there is to see.
  if (frames === 1 || !formats[format].animation) return { format, ...metadata.autoOrient, frames: 1, alpha };
  // The height of a film is that of all its frames below each other.
  return { format, width: metadata.width, height: metadata.pageHeight ?? metadata.height, frames, alpha };
}

/** A few pixels are kept of it; all are read. */
async function decodeAll(image: Sharp): Promise<void> {
  await image.resize(8, 8, { fit: 'fill' }).raw().toBuffer();
}

function refusal(error: unknown): Problem {
  const message = error instanceof Error ? error.message : '';
  if (message.includes('unsupported image format')) return unsupported();
  if (message.includes('pixel limit')) {
    return new Problem(
      422,
      'too_many_pixels',
      'This image unpacks to more pixels than are taken here; make it smaller and send it again.',
    );
  }
  return new Problem(
    422,
    'broken_image',
    'This image is damaged or cut off: not all of it could be decoded. Nothing was kept.',
  );
}

function unsupported(): Problem {
  const names = Object.values(formats).map(({ mediaType }) => mediaType);
  return new Problem(
    415,
    'unsupported_image',
    'Send an AVIF, WebP, JPEG, PNG or GIF image; these bytes are none. SVG is not taken because it can carry scripts.',
    { headers: { accept: names.join(', ') } },
  );
}

function tooManyFrames(frames: number): Problem {
  return new Problem(
    422,
    'too_many_frames',
    `This animation has ${frames} frames; at most ${framesMax} are taken.`,
  );
}
