import { hash } from 'node:crypto';
import type { RoutedExchange } from '../../../fields/exchange.ts';
import { type FileReading, FollowedFile, namedLines } from '../../followed-file.ts';
import type { KeptStates } from '../../kept.ts';
import { authorization, quoted, soleValue, unauthenticated, withoutTwins } from '../credentials.ts';
import type { Authenticator, Outcome } from '../kind.ts';
import type { ApiKeySettings } from '../settings.ts';

/**
 * The keys of a file, looked up by hash: the time of a look-up does not show how close a wrong key was, because nobody can choose a hash,
 * and the map's own hash has a random seed per process. So has that of the map of keys seen before, which saves computing SHA-256.
 */
export class ApiKeys {
  readonly #names = new Map<string, string>();
  /** Valid keys seen before, so at most as many as the file has. */
  readonly #known = new Map<string, string>();

  add(name: string, hashed: string): void {
    this.#names.set(hashed, name);
  }

  nameOf(key: string): string | undefined {
    return this.#known.get(key) ?? this.#look(key);
  }

  nameOfHash(hashed: string): string | undefined {
    return this.#names.get(hashed);
  }

  #look(key: string): string | undefined {
    const name = this.nameOfHash(hashKey(key));
    // A copy: the sent text may be a slice of a head, which would stay in memory.
    if (name !== undefined) this.#known.set(Buffer.from(key, 'latin1').toString('latin1'), name);
    return name;
  }
}

/** SHA-256 suffices for long random keys; it would not for passwords. */
export function hashKey(key: string): string {
  return hash('sha256', Buffer.from(key, 'latin1'), 'hex');
}

export const KEYS_FILE = 'a file of keys, as `portway passwd --key` makes it';

export function readKeys(text: string): FileReading<ApiKeys> {
  const lines = namedLines(text);
  if (typeof lines === 'number') return wrong(lines);
  const keys = new ApiKeys();
  for (const { number, name, rest } of lines) {
    if (!/^[0-9a-f]{64}$/i.test(rest)) return wrong(number);
    keys.add(name, rest.toLowerCase());
  }
  return { ok: true, value: keys };
}

/** Never the line itself: it may be a key. */
function wrong(line: number): FileReading<never> {
  return {
    ok: false,
    found: `no name and SHA-256 of a key in line ${line}`,
    hint: 'make the line by: portway passwd --key FILE NAME',
  };
}

/** A key in a field. Never waits. */
export class ApiKeyAuthenticator implements Authenticator {
  readonly #file: FollowedFile<ApiKeys>;
  readonly #header: string;
  readonly #bearer: boolean;
  readonly #challenge: string;
  readonly #release: () => void;

  /** @throws PolicyError */
  static async open(settings: ApiKeySettings, kept: KeptStates): Promise<ApiKeyAuthenticator> {
    const { file } = settings;
    const { followed, release } = await FollowedFile.acquire(kept, `keys ${file}`, file, readKeys);
    return new ApiKeyAuthenticator(settings, followed, release);
  }

  private constructor(settings: ApiKeySettings, file: FollowedFile<ApiKeys>, release: () => void) {
    const { header, bearer } = settings;
    this.#file = file;
    this.#header = header.toLowerCase();
    this.#bearer = bearer;
    this.#challenge = bearer ? 'Bearer realm="Portway"' : `ApiKey realm="Portway", header=${quoted(header)}`;
    this.#release = release;
  }

  check(exchange: RoutedExchange): Outcome {
    const { kept } = exchange.facts;
    const own = soleValue(kept, this.#header);
    const key = own === undefined && this.#bearer ? authorization(kept, 'bearer') : own;
    if (key === undefined) return this.#refused('no key');
    if (key === null) return this.#refused('several fields with a key');
    const user = this.#file.value.nameOf(key);
    if (user === undefined) return this.#refused('an unknown key');
    withoutTwins(exchange, this.#header);
    return { kind: 'passed', user };
  }

  #refused(why: string): Outcome {
    return unauthenticated(why, this.#challenge);
  }

  close(): void {
    this.#release();
  }
}
