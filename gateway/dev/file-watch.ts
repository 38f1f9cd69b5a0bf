import { matchesGlob, relative, resolve, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

/** Editors write several files at once, and some of them twice. */
const QUIET_MS = 150;

export interface FileWatchOptions {
  /** Absolute. */
  readonly folder: string;
  /** Folders, files and globs, relative to it. */
  readonly patterns: readonly string[];
  /** Files have changed, and for a moment none has any more. @param file the first of them, relative to the folder. */
  readonly changed: (file: string) => void;
  /** It can't be watched (any more): no permission, too many files for the system. */
  readonly failed: (error: Error) => void;
}

/** Watches the files of a service. `node_modules` and names that begin with a dot are left out, unless a pattern names them. */
export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #watcher: FSWatcher;
  #timer: NodeJS.Timeout | undefined;
  #first: string | null = null;
  /** Resolves when every change from now on is seen. */
  readonly ready: Promise<void>;

  constructor(options: FileWatchOptions) {
    const { folder, patterns } = options;
    this.#options = options;
    const roots = [...new Set(patterns.map((pattern) => resolve(folder, rootOf(pattern))))];
    this.#watcher = watch(roots, {
      ignoreInitial: true,
      ignored: (path) => isLeftOut(relative(folder, path), patterns),
    });
    this.ready = new Promise((done) => void this.#watcher.once('ready', () => done()));
    this.#watcher.on('all', (_event, path) => this.#seen(path));
    this.#watcher.on('error', (error) => options.failed(error as Error));
  }

  close(): void {
    clearTimeout(this.#timer);
    void this.#watcher.close();
  }

  #seen(path: string): void {
    const file = relative(this.#options.folder, path).split(sep).join('/');
    if (!this.#options.patterns.some((pattern) => matches(file, pattern))) return;
    this.#first ??= file;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), QUIET_MS);
  }

  #tell(): void {
    const file = this.#first;
    this.#first = null;
    if (file !== null) this.#options.changed(file);
  }
}

const GLOB = /[*?[\]{}!()]/;

/** The part before the first wildcard. */
function rootOf(pattern: string): string {
  const segments = pattern.split('/');
  const wild = segments.findIndex((segment) => GLOB.test(segment));
  return wild === -1 ? pattern : segments.slice(0, wild).join('/') || '.';
}

/** A folder stands for all that is below it. */
function matches(file: string, pattern: string): boolean {
  if (GLOB.test(pattern)) return matchesGlob(file, pattern);
  return pattern === '.' || file === pattern || file.startsWith(`${pattern}/`);
}

function isLeftOut(path: string, patterns: readonly string[]): boolean {
  const file = path.split(sep).join('/');
  if (file === '' || file.startsWith('..')) return false;
  if (
    patterns.some(
      (pattern) => file === pattern || rootOf(pattern).startsWith(`${file}/`) || rootOf(pattern) === file,
    )
  )
    return false;
  return file.split('/').some((segment) => segment === 'node_modules' || segment.startsWith('.'));
}
