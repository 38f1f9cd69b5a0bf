/** Notices every kind of change of the configuration file within two seconds. */

import type { ConfigContent } from './content.ts';

export interface WatchOptions {
  /** The content that the caller has already: only what differs from it is reported. */
  readonly knownHash?: string;
  /** How often the content is compared; default 1000. */
  readonly pollMs?: number;
}

export interface ConfigWatch {
  /** Stops at once, no call of the listener follows; leaves no handle behind. */
  close(): void;
}

/** Calls `onChange` with the new content once it has come to rest: pass it to `loadContent`. */
export function watchConfig(
  _file: string,
  _onChange: (content: ConfigContent) => void,
  _options: WatchOptions = {},
): ConfigWatch {
  throw new Error('under construction');
}
