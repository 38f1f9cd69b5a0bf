import { type FormatName, formats } from './formats.ts';
import type { ImageDescription } from './original.ts';

/**
 * The format for a client that names none in the URL, by its `Accept` (RFC 9110 §12.5.1). AVIF and WebP are
 * for those that name them: old clients say only that they take every image there is, and do not. All others
 * get the fallback, also where they exclude it, because an image is of more use than a 406.
 */
export function negotiateFormat(accept: string | undefined, original: ImageDescription): FormatName {
  const accepted = parseAccept(accept ?? '*/*');
  const named = (format: FormatName) => accepted.get(formats[format].mediaType);
  const fallback = fallbackFormat(original);
  // In the order of preference where the client has none.
  const weights: readonly [FormatName, number][] = [
    ['avif', original.frames === 1 ? (named('avif') ?? 0) : 0],
    ['webp', named('webp') ?? 0],
    [fallback, named(fallback) ?? accepted.get('image/*') ?? accepted.get('*/*') ?? 0],
  ];
  const best = Math.max(...weights.map(([, weight]) => weight));
  return best === 0 ? fallback : weights.find(([, weight]) => weight === best)![0];
}

/** What every client can show without losing what the original has: movement, transparency, sharp edges. */
function fallbackFormat(original: ImageDescription): FormatName {
  if (original.frames > 1) return 'gif';
  return original.alpha || original.format === 'png' || original.format === 'gif' ? 'png' : 'jpeg';
}

/** Media ranges and their weights. A weight that can't be read counts as "not accepted". */
function parseAccept(accept: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const element of accept.toLowerCase().split(',')) {
    const [range = '', ...parameters] = element.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    weights.set(range, /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? Number(q) : 0);
  }
  return weights;
}
