import type { FormatName } from './formats.ts';

/** What the bytes of an image say about it when all of them have been decoded. */
export interface ImageDescription {
  /** By the bytes alone: what an uploader claims and what a name ends in is not believed. */
  readonly format: FormatName;
  /** In pixels, upright: the EXIF orientation is applied already. */
  readonly width: number;
  readonly height: number;
  /** 1: a still image. */
  readonly frames: number;
  readonly alpha: boolean;
}

/** An image as it was uploaded. */
export interface Original extends ImageDescription {
  readonly name: string;
  /** Grows with every upload; the order of the list. */
  readonly sequence: number;
  /** Its file in the folder of originals. Every upload has a new one, so a file never changes. */
  readonly file: string;
  readonly bytes: number;
  /** SHA-256 of its bytes, in base64url. */
  readonly sha256: string;
  /** ISO 8601. */
  readonly uploaded: string;
}

/** The opaque part of an entity tag: 132 bits of the content's hash. The page uses it as `?v=` too. */
export function versionOf(original: Pick<Original, 'sha256'>): string {
  return original.sha256.slice(0, 22);
}

/** Strong: the same tag means the same bytes. */
export function etagOf(original: Pick<Original, 'sha256'>): string {
  return `"${versionOf(original)}"`;
}
