/** `portway check --watch`: the verdict again at each change of the file, and of the modules that `extend:` names in it. */

import { once } from 'node:events';
import { relative, resolve } from 'node:path';
import { readContent } from '../files/content.ts';
import { type FileWatch, watchFile } from '../files/watch.ts';
import { type CommandContext, type ExitCode, leaving } from './command.ts';

/** The result of one check. */
export interface CheckReport {
  readonly code: ExitCode;
  /** As it is printed, with its last line break. */
  readonly text: string;
  /** The configuration and the modules that it names; `null` where it can't be used, and does not say. */
  readonly files: readonly string[] | null;
}

/** Prints a report now and after each change, until Ctrl-C or until the reader has left. */
export async function watchChecks(
  file: string,
  check: () => Promise<CheckReport>,
  context: CommandContext,
): Promise<ExitCode> {
  const left = once(leaving(context), 'abort');
  // The watches alone would let the process end.
  const alive = setInterval(() => {}, 60_000);
  const watch = new CheckWatch(file, check, context);
  try {
    await watch.begin();
    await left;
    return 0;
  } finally {
    watch.close();
    clearInterval(alive);
  }
}

class CheckWatch {
  readonly #file: string;
  readonly #check: () => Promise<CheckReport>;
  readonly #context: CommandContext;
  /** By absolute path. */
  readonly #watches = new Map<string, FileWatch>();
  /** Path of the first file that changed since the last check began. */
  #changed: string | null = null;
  #checking = false;
  #closed = false;
  /** The text of the last report. */
  #printed = '';
  /** Of a configuration that can't be used: it may name files that are not there yet. */
  #again: NodeJS.Timeout | undefined;

  constructor(file: string, check: () => Promise<CheckReport>, context: CommandContext) {
    this.#file = file;
    this.#check = check;
    this.#context = context;
  }

  async begin(): Promise<void> {
    await this.#follow(resolve(this.#context.cwd, this.#file));
    this.#checking = true;
    await this.#look('');
    const ending = `\nwatching ${this.#file}; Ctrl-C ends this\n`;
    // On a terminal it is below each report, which replaces the one before.
    if (!this.#onTerminal) this.#context.stdout.write(ending);
    this.#next();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    for (const watch of this.#watches.values()) watch.close();
  }

  get #onTerminal(): boolean {
    return this.#context.stdout.isTTY === true;
  }

  /** From its current content on, every change is seen, also during a check. */
  async #follow(path: string): Promise<void> {
    const { hash } = await readContent(path);
    if (this.#closed) return;
    this.#watches.set(
      path,
      watchFile(path, () => this.#seen(path), { knownHash: hash }),
    );
  }

  #seen(path: string): void {
    this.#changed ??= path;
    if (!this.#checking) this.#next();
  }

  /** One check at a time; changes meanwhile are checked after it. */
  #next(): void {
    const changed = this.#changed;
    this.#changed = null;
    this.#checking = changed !== null && !this.#closed;
    if (changed !== null) this.#start(`${this.#named(changed)} changed`);
  }

  #start(why: string | null): void {
    if (this.#closed) return;
    this.#checking = true;
    void this.#look(why).then(() => this.#next());
  }

  /** @param why the heading of the report; `null`: print only a report that says something new */
  async #look(why: string | null): Promise<void> {
    clearTimeout(this.#again);
    let report = await this.#check();
    // A module that is watched only now may have changed since it was loaded.
    if (await this.#followOnly(report.files)) report = await this.#check();
    if (this.#closed) return;
    const { text, files } = report;
    const heading = why ?? (text === this.#printed ? null : 'what it needs changed');
    if (heading !== null) this.#print(text, heading);
    this.#printed = text;
    if (files === null) this.#again = setTimeout(() => this.#checkAgain(), AGAIN_MS);
  }

  #checkAgain(): void {
    if (!this.#checking) this.#start(null);
  }

  /** @returns whether one of them was not watched before */
  async #followOnly(files: readonly string[] | null): Promise<boolean> {
    if (files === null) return false;
    const wanted = new Set([this.#file, ...files].map((file) => resolve(this.#context.cwd, file)));
    for (const [path, watch] of this.#watches) {
      if (wanted.has(path)) continue;
      watch.close();
      this.#watches.delete(path);
    }
    const added = [...wanted].filter((path) => !this.#watches.has(path));
    for (const path of added) await this.#follow(path);
    return added.length > 0;
  }

  #print(text: string, why: string): void {
    const heading = why === '' ? '' : `${why} at ${clock()}\n\n`;
    const { stdout } = this.#context;
    if (this.#onTerminal)
      stdout.write(`${CLEAR}${heading}${text}\nwatching ${this.#file}; Ctrl-C ends this\n`);
    else stdout.write(`${why === '' ? '' : '\n'}${heading}${text}`);
  }

  /** As the user would name it from here. */
  #named(path: string): string {
    const near = relative(this.#context.cwd, path);
    return near.startsWith('..') ? path : near;
  }
}

const clock = () => new Date().toTimeString().slice(0, 8);

/** How often a configuration that can't be used is checked without a change of its own. */
const AGAIN_MS = 1000;

/** Clears the screen and its scrollback, so that old problems are not taken for new ones. */
const CLEAR = '\x1b[2J\x1b[3J\x1b[H';
