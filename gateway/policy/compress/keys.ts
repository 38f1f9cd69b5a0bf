/** `compress:` of a route or of the top level. */

import { z } from 'zod';
import { inherited } from '../../keys/inherited.ts';
import { type ParseResult, refused } from '../../keys/parse-result.ts';
import { row, section } from '../../keys/section.ts';
import { flag, form, oneOf, parsedBy, size } from '../../keys/value.ts';

const coding = oneOf('zstd', 'br', 'gzip').meta({ doc: { expected: 'zstd, br or gzip' } });
const mediaType = parsedBy(z.string(), parseMediaType, { expected: 'a media type, or text/*' });

const rows = section({
  encodings: row(
    z.array(coding).min(1),
    'What is offered; of those that a client likes equally, the first one.',
    {
      defaultText: '`[zstd, br, gzip]`',
      expected: 'a list of zstd, br, gzip',
      type: 'list of `zstd`, `br`, `gzip`',
      also: 'algorithms encode encoding',
    },
  ),
  minimum: row(size({ min: '0B', max: '1GiB' }), 'A body that is known to be smaller is left as it is.', {
    as: 'minimumBytes',
    default: '1KiB',
    also: 'minlength minsize threshold gzipminlength minresponsebodybytes',
  }),
  types: row(
    z.array(mediaType).min(1),
    'Media types that are compressed, in place of those that are known to become smaller.',
    {
      defaultText: 'text, JSON, XML, scripts, SVG, fonts and their like',
      expected: 'a list of media types',
      type: 'list of media types, `text/*`',
      also: 'gziptypes mimetypes contenttypes includedcontenttypes',
    },
  ),
});

export type CompressSettings = typeof rows.own;

export const compressForm = form('compress', 'compress', rows.shape);

const compressValue = z
  .union([flag.transform((on): z.output<typeof compressForm> | null => (on ? {} : null)), compressForm])
  .meta({
    doc: {
      expected: 'true, false, or a map with encodings, minimum, types',
      type: '`true`, `false`, or a map, see [compress](#compress)',
    },
  });

export const compressRow = inherited('compress', compressValue, {
  compile: (written, base: CompressSettings | null) => written && rows.compile(written, base ?? rows.own),
  top: { default: 'false' },
  route: {
    text: 'Whether answers are compressed on their way to clients that take it ([compress.md](compress.md)).',
    also: 'compression gzip brotli zstd compressor encode',
  },
});

function parseMediaType(text: string): ParseResult<string> {
  const type = text.toLowerCase();
  return /^[a-z0-9!#$&^_.+-]+\/(?:\*|[a-z0-9!#$&^_.+-]+)$/.test(type)
    ? { ok: true, value: type }
    : refused('without parameters, as in application/json');
}
