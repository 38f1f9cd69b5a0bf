import type { FileContent } from '../files/content.ts';
import { readContent } from '../files/content.ts';
import { type FileWatch, watchFile } from '../files/watch.ts';
import type { Keepable, KeptStates } from './kept.ts';
import { PolicyError, type PolicyFault } from './policy.ts';

/** The value parsed from a file, or its fault. */
export type FileReading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly found: string; readonly hint: string };

export type ReadText<Value> = (text: string) => FileReading<Value>;

interface Acquired<Value> {
  readonly followed: FollowedFile<Value>;
  readonly release: () => void;
}

/** A file whose changes are applied at runtime. A bad file changes nothing. */
export class FollowedFile<Value> implements Keepable {
  readonly #file: string;
  readonly #read: ReadText<Value>;
  readonly #log: KeptStates['log'];
  readonly #opening: Promise<void>;
  #watch: FileWatch | null = null;
  #closed = false;
  #value: Value | null = null;

  constructor(file: string, read: ReadText<Value>, log: KeptStates['log']) {
    this.#file = file;
    this.#read = read;
    this.#log = log;
    this.#opening = this.#open();
  }

  /** The one of this key, for all that ask for it. @throws PolicyError */
  static async acquire<Value>(
    kept: KeptStates,
    key: string,
    file: string,
    read: ReadText<Value>,
  ): Promise<Acquired<Value>> {
    const followed = kept.acquire(key, () => new FollowedFile(file, read, kept.log));
    const release = () => kept.release(key);
    try {
      await followed.open();
    } catch (cause) {
      release();
      throw cause;
    }
    return { followed, release };
  }

  /** @throws PolicyError where the file can't be used when it is first read */
  async open(): Promise<void> {
    await this.#opening;
  }

  /** Another object after each change. */
  get value(): Value {
    return this.#value!;
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
  }

  async #open(): Promise<void> {
    const content = await readContent(this.#file);
    const reading = readingOf(content, this.#read);
    if (!reading.ok) throw new PolicyError(`${this.#file}: ${reading.found}; ${reading.hint}`);
    this.#value = reading.value;
    if (this.#closed) return;
    const known = { knownHash: content.hash, pollMs: POLL_MS };
    this.#watch = watchFile(this.#file, (changed) => this.#changed(changed), known);
  }

  #changed(content: FileContent): void {
    const file = this.#file;
    const reading = readingOf(content, this.#read);
    if (reading.ok) {
      this.#value = reading.value;
      this.#log.info({ file }, 'the changed file is in use');
      return;
    }
    const { found, hint } = reading;
    this.#log.error({ file, found, hint }, 'the changed file was rejected; what it said before holds on');
  }
}

const POLL_MS = 1_000;

/** The faults of the file that the key at `path` names. */
export async function faultsOfFile(
  file: string,
  path: PolicyFault['path'],
  expected: string,
  read: ReadText<unknown>,
): Promise<PolicyFault[]> {
  const reading = readingOf(await readContent(file), read);
  return reading.ok ? [] : [{ path, expected, found: reading.found, hint: reading.hint }];
}

function readingOf<Value>(content: FileContent, read: ReadText<Value>): FileReading<Value> {
  if (content.ok) return read(content.text);
  const { found, hint } = content;
  const missing = content.hash === 'unreadable:ENOENT';
  return {
    ok: false,
    found,
    hint: missing ? 'its path begins in the folder of the configuration' : `${hint}`,
  };
}

/** A line `name:rest` of a file; comments are skipped. */
export interface NamedLine {
  readonly number: number;
  readonly name: string;
  readonly rest: string;
}

/** @returns the lines, or the number of the first that is no such line */
export function namedLines(text: string): readonly NamedLine[] | number {
  const lines: NamedLine[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (!USER_NAME.test(name)) return index + 1;
    lines.push({ number: index + 1, name, rest: line.slice(colon + 1).trim() });
  }
  return lines;
}

/** A valid field value that is also one word in a log. */
export const USER_NAME = /^[\x21-\x39\x3b-\x7e]{1,128}$/;
