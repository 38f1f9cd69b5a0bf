import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { type ServiceProcess, type StartOptions, startService } from '../kit/testing/service-process.ts';

/** The service with an empty gallery. */
export function startImages(options: StartOptions): Promise<ServiceProcess> {
  return startService('images', { ...options, env: { IMAGES_SAMPLES: '0', ...options.env } });
}

export type Bytes = Uint8Array<ArrayBuffer>;

/** As fetch takes them for a body. */
export function bytesOf(buffer: Buffer): Bytes {
  return new Uint8Array(buffer);
}

/** Something that an encoder has work with, of any size. */
export function photo(width: number, height: number): ReturnType<typeof sharp> {
  return sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#888888',
      noise: { type: 'gaussian', mean: 128, sigma: 50 },
    },
  });
}

/** One colour, half transparent. */
export function glass(width: number, height: number): ReturnType<typeof sharp> {
  return sharp({ create: { width, height, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } } });
}

/** Red, green, blue, one after the other. */
export async function film(width: number, height: number): Promise<Buffer> {
  const frames = ['#ff0000', '#00ff00', '#0000ff'].map((background) =>
    sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toBuffer(),
  );
  return sharp(await Promise.all(frames), { join: { animated: true } })
    .gif({ delay: [90, 90, 90] })
    .toBuffer();
}

/** A black and white PNG that says it has this size, around whatever image data and further chunks. */
export function pngOf(
  size: { readonly width: number; readonly height: number },
  data: Buffer,
  extra: readonly Buffer[] = [],
): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size.width, 0);
  head.writeUInt32BE(size.height, 4);
  head[8] = 1;
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const chunks = [
    pngChunk('IHDR', head),
    ...extra,
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...chunks]);
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, check]);
}

/** All pixels are there, and they are many: tiny on the line, huge when it is unpacked. */
export function pixelBomb(side: number): Buffer {
  return pngOf({ width: side, height: side }, deflateSync(Buffer.alloc((Math.ceil(side / 8) + 1) * side)));
}

/** A JPEG whose frame header says another size than its data has. */
export function withJpegSize(jpeg: Buffer, side: number): Buffer {
  const patched = Buffer.from(jpeg);
  const frame = patched.indexOf(Buffer.from([0xff, 0xc0]));
  patched.writeUInt16BE(side, frame + 5);
  patched.writeUInt16BE(side, frame + 7);
  return patched;
}
