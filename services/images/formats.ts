/** The encodings that images come in and go out in. Nothing else is ever decoded. */
export type FormatName = 'avif' | 'webp' | 'jpeg' | 'png' | 'gif';

export interface ImageFormat {
  readonly mediaType: string;
  /** Of names that are made here, without the dot. */
  readonly extension: string;
  /** Whether `q` means anything to its encoder. */
  readonly lossy: boolean;
  readonly alpha: boolean;
  readonly animation: boolean;
}

export const formats: Readonly<Record<FormatName, ImageFormat>> = {
  avif: { mediaType: 'image/avif', extension: 'avif', lossy: true, alpha: true, animation: false },
  webp: { mediaType: 'image/webp', extension: 'webp', lossy: true, alpha: true, animation: true },
  jpeg: { mediaType: 'image/jpeg', extension: 'jpg', lossy: true, alpha: false, animation: false },
  png: { mediaType: 'image/png', extension: 'png', lossy: false, alpha: true, animation: false },
  gif: { mediaType: 'image/gif', extension: 'gif', lossy: false, alpha: true, animation: true },
};

export const formatNames = Object.keys(formats) as readonly FormatName[];
