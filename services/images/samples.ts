import sharp, { type Sharp } from 'sharp';
import type { CommitQueue } from '../kit/commit-queue.ts';
import type { Catalogue } from './catalogue.ts';
import type { Codec } from './codec.ts';
import { inspectImage } from './inspect.ts';
import type { OriginalFolder } from './original-folder.ts';
import type { OriginalStore } from './original-store.ts';
import { carousel, discs, evening, marble, type Scene, sunflower } from './sample-scenes.ts';

interface Sample {
  readonly name: string;
  make(): Promise<Buffer>;
}

/**
 * One for each kind of original, so that a new gallery has something to show: a photograph, transparency, a
 * film, …
 */
const samples: readonly Sample[] = [
  { name: 'marble.webp', make: () => paint(marble, 640, 640).webp({ quality: 90 }).toBuffer() },
  { name: 'carousel.gif', make: makeFilm },
  { name: 'sunflower.jpg', make: makeTurned },
  { name: 'discs.png', make: () => paint(discs, 720, 480).png().toBuffer() },
  { name: 'evening.jpg', make: () => paint(evening, 960, 640).jpeg({ quality: 92 }).toBuffer() },
];

/**
 * Puts the samples into a gallery that has never had them. Where someone has taken one of their names, it
 * stays theirs.
 */
export async function makeSamples(parts: {
  readonly catalogue: Catalogue;
  readonly folder: OriginalFolder;
  readonly store: OriginalStore;
  readonly queue: CommitQueue;
  readonly codec: Codec;
}): Promise<void> {
  const { catalogue, folder, store, queue, codec } = parts;
  if (catalogue.samplesMade()) return;
  for (const { name, make } of samples) {
    if (catalogue.find(name)) continue;
    const bytes = await make();
    const received = await folder.receive(onePiece(bytes));
    await store.put(name, received, await inspectImage(codec, bytes), () => undefined);
  }
  await queue.commit(() => catalogue.noteSamples());
}

/** Upright for viewers that honour EXIF, on its side for others: as telephones write photographs. */
async function makeTurned(): Promise<Buffer> {
  const turned = await paint(sunflower, 600, 800).rotate(270).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = turned.info;
  return sharp(turned.data, { raw: { width, height, channels } })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 90 })
    .toBuffer();
}

async function makeFilm(): Promise<Buffer> {
  const frameCount = 12;
  const frames = Array.from({ length: frameCount }, (_, frame) =>
    paint(carousel, 240, 160, frame / frameCount)
      .png()
      .toBuffer(),
  );
  return sharp(await Promise.all(frames), { join: { animated: true } })
    .gif({ delay: Array.from({ length: frameCount }, () => 80), loop: 0 })
    .toBuffer();
}

function paint(scene: Scene, width: number, height: number, time = 0): Sharp {
  const pixels = Buffer.alloc(width * height * 4);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const [red, green, blue, alpha] = scene(column / width, row / height, time);
      pixels.set([red, green, blue, alpha * 255], (row * width + column) * 4);
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 4 } });
}

async function* onePiece(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield bytes;
}
