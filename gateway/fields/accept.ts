/**
 * The offered media type that the client prefers (RFC 9110 §12.5.1): by quality, and among equals by the order of the offer. The first one
 * if the client states no preference, states it invalidly, or accepts none of them: an answer in another form is of more use than 406
 * (§12.5.1 allows it).
 *
 * @param offered in lower case, without parameters; not empty
 */
export function preferredType<T extends string>(
  accept: string | undefined,
  offered: readonly [T, ...T[]],
): T {
  const ranges = parseAccept(accept ?? '');
  let best: T = offered[0];
  let bestQuality = 0;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > bestQuality) {
      best = type;
      bestQuality = quality;
    }
  }
  return best;
}

/** Whether an error is shown as a page: to people, not to programs. */
export function wantsPage(accept: string): boolean {
  return preferredType(accept, ['application/problem+json', 'application/json', 'text/html']) === 'text/html';
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

/** Browsers send about five. */
const RANGES_MAX = 32;

function parseAccept(accept: string): MediaRange[] {
  return accept
    .split(',', RANGES_MAX)
    .map((part) => {
      const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      return { type, quality: parameters.reduce(readQuality, 1) };
    })
    .filter(({ type }) => type !== '');
}

function readQuality(quality: number, parameter: string): number {
  if (!parameter.startsWith('q=')) return quality;
  // RFC 9110 §12.4.2.
  return /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(parameter) ? Number(parameter.slice(2)) : 0;
}

/** The quality of a type, by the most specific range that includes it. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  for (const name of [type, family, '*/*']) {
    const range = ranges.find((candidate) => candidate.type === name);
    if (range !== undefined) return range.quality;
  }
  return 0;
}
