/**
 * Notices every kind of change of a file within two seconds.
 *
 * The folder is watched, because an editor that renames a new file over the old one leaves a watch on the file behind with the old one. And
 * the file is compared on a poll, because bind mounts of a single file and links that are swapped far away (Kubernetes' `..data`) send no events.
 */

import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type FileContent, readContent } from './content.ts';

export interface WatchOptions {
  /** The hash of the caller's content: only other content is reported. Without it, the first content is reported. */
  readonly knownHash?: string;
  /** How often the content is compared when no event comes; default 500. */
  readonly pollMs?: number;
  /** How long a content must be the same before it is believed; default 100. */
  readonly settleMs?: number;
  /**
   * The same for a file that is missing, unreadable, or does not end with a line break: an editor or a copy may be half way through
   * it, and the half may be valid YAML with half of the routes. Default 1000.
   */
  readonly unfinishedSettleMs?: number;
}

export interface FileWatch {
  /** Stops at once, no call of the listener follows; leaves no handle behind. */
  close(): void;
}

/**
 * Calls `onChange` with the new content when it has stopped changing: pass it to `loadContent`, so that the seen bytes are compiled. A
 * removed file is a content, too, which the loader turns into a problem. The watch does not keep the process alive.
 * @param onChange must not throw
 */
export function watchFile(
  file: string,
  onChange: (content: FileContent) => void,
  options: WatchOptions = {},
): FileWatch {
  const watcher = new ContentWatcher(resolve(file), onChange, options);
  watcher.look();
  return watcher;
}

/** Events come in bursts; and a file that is written without end must not be read without end. */
const EVENT_DELAY_MS = 20;

/** Shared folders of virtual machines may cache what they say of a file. */
const REREAD_MS = 15_000;
/** The coarsest clock of a file system in use (FAT). */
const CLOCK_MS = 2_000;

/**
 * Tells one state of a file from every later one without reading it.
 * @returns `null`: it is missing, or changed so lately that its next change might carry the same time
 */
async function restingState(file: string): Promise<string | null> {
  const state = await stat(file).catch(() => null);
  if (state === null) return null;
  const { dev, ino, size, mtimeMs, ctimeMs } = state;
  if (Math.max(mtimeMs, ctimeMs) > Date.now() - CLOCK_MS) return null;
  return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
}

/** A content that differs from the known one, and since when it is the same. */
interface Candidate {
  readonly hash: string;
  readonly since: number;
}

class ContentWatcher implements FileWatch {
  readonly #file: string;
  readonly #onChange: (content: FileContent) => void;
  readonly #options: Required<Omit<WatchOptions, 'knownHash'>>;
  #knownHash: string | null;
  /** State of the file when it had the known content; `null`: only reading it tells whether it changed. */
  #knownState: string | null = null;
  #readAt = 0;
  #candidate: Candidate | null = null;
  #folder: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  #lookSoon = false;
  #dueAt = 0;
  #closed = false;

  constructor(file: string, onChange: (content: FileContent) => void, options: WatchOptions) {
    const { knownHash = null, pollMs = 500, settleMs = 100, unfinishedSettleMs = 1000 } = options;
    this.#file = file;
    this.#onChange = onChange;
    this.#options = { pollMs, settleMs, unfinishedSettleMs };
    this.#knownHash = knownHash;
  }

  close(): void {
    this.#closed = true;
    this.#folder?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  look(): void {
    if (!this.#closed && !this.#looking) void this.#read();
  }

  async #read(): Promise<void> {
    this.#looking = true;
    this.#lookSoon = false;
    this.#watchFolder();
    const state = await restingState(this.#file);
    const isSame =
      state !== null && state === this.#knownState && performance.now() < this.#readAt + REREAD_MS;
    const content = isSame ? null : await readContent(this.#file);
    this.#looking = false;
    if (this.#closed) return;
    const delayMs = content === null ? this.#options.pollMs : this.#weigh(content);
    if (content !== null) {
      this.#readAt = performance.now();
      // A read may fail for a reason that no state shows, such as a lack of descriptors.
      this.#knownState = content.ok && content.hash === this.#knownHash ? state : null;
    }
    // The read may have missed a change during it.
    if (!this.#closed) this.#lookIn(this.#lookSoon ? EVENT_DELAY_MS : delayMs);
  }

  /** Other files of the folder change too, logs perhaps; `..data` is the link that Kubernetes swaps. */
  #onEvent(name: string | null): void {
    if (name !== null && name !== basename(this.#file) && !name.startsWith('..')) return;
    this.#lookSoon = true;
    if (!this.#looking && this.#dueAt > performance.now() + EVENT_DELAY_MS) this.#lookIn(EVENT_DELAY_MS);
  }

  /** Reports content that has stopped changing. @returns milliseconds until the next look */
  #weigh(content: FileContent): number {
    const { hash } = content;
    if (hash === this.#knownHash) {
      this.#candidate = null;
      return this.#options.pollMs;
    }
    const now = performance.now();
    if (this.#candidate?.hash !== hash) this.#candidate = { hash, since: now };
    const left = this.#candidate.since + this.#settleTime(content) - now;
    if (left > 0) return Math.min(left, this.#options.pollMs);
    this.#candidate = null;
    this.#knownHash = hash;
    this.#onChange(content);
    return this.#options.pollMs;
  }

  #settleTime(content: FileContent): number {
    const isFinished = content.ok && content.text.endsWith('\n');
    return isFinished ? this.#options.settleMs : this.#options.unfinishedSettleMs;
  }

  #lookIn(delayMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueAt = performance.now() + delayMs;
    this.#timer = setTimeout(() => this.look(), delayMs).unref();
  }

  /** Tried anew before each read: the folder may come later, and watches are a limited resource of the system. */
  #watchFolder(): void {
    if (this.#folder !== null) return;
    try {
      const folder = watch(dirname(this.#file), { persistent: false }, (_, name) => this.#onEvent(name));
      folder.on('error', () => this.#unwatchFolder(folder));
      this.#folder = folder;
    } catch {
      // The poll sees everything, only a little later.
    }
  }

  #unwatchFolder(folder: FSWatcher): void {
    folder.close();
    if (this.#folder === folder) this.#folder = null;
  }
}
