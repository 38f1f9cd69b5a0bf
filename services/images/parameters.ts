import { type FormatName, formatNames, formats } from './formats.ts';
import { badParameter, parseQuery, type Query, readChoice, readWholeNumber } from './query.ts';

/**
 * How the image fills a box of `w` × `h`. `inside` (the default) and `outside` keep its proportions and are
 * the largest that fits in, the smallest that covers. The other three have the box's own: `cover` cuts off
 * what stands over, `contain` fills up with nothing (white in JPEG), `fill` distorts.
 */
const fits = ['inside', 'outside', 'cover', 'contain', 'fill'] as const;
type Fit = (typeof fits)[number];

/** What `?w=&h=&fit=&q=&format=&v=` asks for. */
export interface ImageParameters {
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly fit: Fit;
  /** From 1 to 100, on JPEG's scale whatever the format. */
  readonly quality: number | undefined;
  /** `undefined`: what the client's `Accept` asks for. `original`: the uploaded bytes as they are. */
  readonly format: FormatName | 'original' | undefined;
  /**
   * The version of the original that the client expects; where it is the current one, the answer never
   * changes.
   */
  readonly version: string | undefined;
}

/** @throws Problem 400 that names the parameter, what was expected and what was found. */
export function parseParameters(target: string, sideMax: number): ImageParameters {
  const query = parseQuery(target, ['w', 'h', 'fit', 'q', 'format', 'v']);
  const parameters = {
    width: readWholeNumber(query, 'w', { from: 1, to: sideMax }),
    height: readWholeNumber(query, 'h', { from: 1, to: sideMax }),
    fit: readChoice(query, 'fit', fits) ?? 'inside',
    quality: readWholeNumber(query, 'q', { from: 1, to: 100 }),
    format: readChoice(query, 'format', [...formatNames, 'original'] as const),
    version: query.get('v'),
  };
  refuseContradictions(query, parameters);
  return parameters;
}

function refuseContradictions(query: Query, { width, height, format }: ImageParameters): void {
  if (format === 'original') {
    for (const name of ['w', 'h', 'fit', 'q']) {
      if (query.has(name))
        throw badParameter(name, `format=original is the upload as it is; leave "${name}" out.`);
    }
  }
  if (query.has('fit') && (width === undefined || height === undefined)) {
    throw badParameter('fit', 'fit says how to fill a box; give both w and h with it.');
  }
  if (query.has('q') && format !== undefined && format !== 'original' && !formats[format].lossy) {
    throw badParameter('q', `q means nothing to ${format}, which loses nothing; leave it out.`);
  }
}
