/** Content codings: which of them a client takes, and which contents are worth one (RFC 9110 §8.4, §12.5.3). */

/**
 * The offered codings that the client accepts and prefers to none, best first, and among equals in the order of the offer. Empty without
 * `Accept-Encoding`: such a client may accept any coding, but many know none.
 *
 * @param accept all `Accept-Encoding` fields of the request as one list @param offered in lower case
 */
export function acceptedCodings<Coding extends string>(
  accept: string | undefined,
  offered: readonly Coding[],
): readonly Coding[] {
  if (accept === undefined || accept === '') return [];
  const said = readCodings(accept);
  const identity = said.get('identity') ?? 0;
  const any = said.get('*') ?? 0;
  return offered
    .map((coding) => ({
      coding,
      quality: said.get(coding) ?? (coding === 'gzip' ? said.get('x-gzip') : undefined) ?? any,
    }))
    .filter(({ quality }) => quality > 0 && quality >= identity)
    .sort((a, b) => b.quality - a.quality)
    .map(({ coding }) => coding);
}

/** Browsers send four. */
const CODINGS_MAX = 32;

function readCodings(accept: string): Map<string, number> {
  const said = new Map<string, number>();
  for (const part of accept.split(',', CODINGS_MAX)) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    if (name !== '') said.set(name, parameters.reduce(readQuality, 1));
  }
  return said;
}

function readQuality(quality: number, parameter: string): number {
  const weight = /^q\s*=\s*(.*)$/.exec(parameter);
  if (weight === null) return quality;
  // RFC 9110 §12.4.2.
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight[1]!) ? Number(weight[1]) : 0;
}

/** Whether content of this type becomes smaller: pictures, films and archives are as small as they can be. @param contentType with its parameters */
export function isCompressible(contentType: string): boolean {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  return COMPRESSIBLE.test(type);
}

const COMPRESSIBLE =
  /^text\/|[/+](?:json|xml|x?html|javascript|ecmascript|yaml|toml|graphql|wasm|x-ndjson|ndjson|json-seq|manifest|x-www-form-urlencoded|rtf|postscript|sql)$|^(?:image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/(?:ttf|otf|sfnt|collection)|application\/(?:vnd\.ms-fontobject|x-font-ttf|x-javascript|ld\+json))$/;
