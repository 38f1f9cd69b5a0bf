import { expect, it } from 'vitest';
import { createCodec } from './codec.ts';
import { photo } from './testing.ts';

const codec = createCodec({ pixelsMax: 10_000, threads: 1 });

// Not only refused in the end: the decoder of such bytes never sees them.
it.each<[string, () => Buffer | Promise<Buffer>]>([
  ['SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
  ['TIFF', () => photo(9, 9).tiff().toBuffer()],
])('knows no decoder for %s', async (_name, make) => {
  const image = codec.open(await make(), { animated: false });
  await expect(image.metadata()).rejects.toThrow('unsupported image format');
});
