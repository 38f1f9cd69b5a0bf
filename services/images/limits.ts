import { availableParallelism } from 'node:os';
import { readInteger } from '../kit/environment.ts';

/** How much one image, and all of them together, may ask of this process. */
export interface ImageLimits {
  /** Of one upload. */
  readonly imageMaxBytes: number;
  /** Of one image when it is unpacked, all frames together. */
  readonly pixelsMax: number;
  /** The longest side of an image that is made, in pixels. */
  readonly sideMax: number;
  /** Images that are decoded and encoded at once. */
  readonly running: number;
  /** Requests that wait for that; the next one is answered 503. */
  readonly waiting: number;
  /** Threads that libvips uses for one image. */
  readonly threads: number;
  /** Of `Cache-Control`, in seconds. */
  readonly maxAgeS: number;
  readonly samples: boolean;
}

// sharp works on Node's pool of four threads, and so do files; one is left for them.
const runningMax = 3;

/** @throws EnvironmentError for a variable that can't be used. */
export function readImageLimits(variables: NodeJS.ProcessEnv): ImageLimits {
  const cores = availableParallelism();
  const read = (name: string, value: number, from: number, to: number) =>
    readInteger(variables, name, { value, from, to });
  const running = read('IMAGES_CONCURRENCY', Math.min(cores, runningMax), 1, runningMax);
  return {
    imageMaxBytes: read('IMAGES_MAX_BYTES', 32 * 1024 * 1024, 1, 512 * 1024 * 1024),
    // The samples have to pass too.
    pixelsMax: read('IMAGES_MAX_PIXELS', 50_000_000, 1_000_000, 268_000_000),
    sideMax: read('IMAGES_MAX_SIDE', 4096, 1, 16_383),
    running,
    waiting: read('IMAGES_QUEUE', 64, 0, 10_000),
    threads: Math.max(1, Math.floor(cores / running)),
    maxAgeS: read('IMAGES_MAX_AGE', 600, 0, 31_536_000),
    samples: read('IMAGES_SAMPLES', 1, 0, 1) === 1,
  };
}
