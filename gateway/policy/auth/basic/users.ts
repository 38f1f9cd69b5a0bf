import { BoundedTable } from '../../bounded-table.ts';
import { type FileReading, namedLines } from '../../followed-file.ts';
import { Fingerprints } from '../fingerprint.ts';
import { OWN_COST, type PasswordHash, parsePasswordHash, unknownHash } from './password.ts';

/** The users of a file, and passwords verified since it was read. */
export class Users {
  readonly #hashes: ReadonlyMap<string, PasswordHash>;
  /** One for each cost in the file: which one stands for an unknown user depends on the name alone. */
  readonly #unknown: readonly PasswordHash[];
  readonly fingerprints = new Fingerprints();
  /** By fingerprints of name and password. Passwords that were wrong have a room of their own, which a guesser can't widen. */
  readonly right = new BoundedTable<string>(4096);
  readonly wrong = new BoundedTable<true>(1024);
  readonly underWay = new Map<string, Promise<boolean>>();

  constructor(hashes: ReadonlyMap<string, PasswordHash>) {
    this.#hashes = hashes;
    const costs = [...hashes.values()].map(({ cost }) => cost);
    this.#unknown = (costs.length === 0 ? [OWN_COST] : costs.slice(0, 64)).map(unknownHash);
  }

  /** To check an unknown user takes as long as a known one. */
  hashOf(name: string): PasswordHash {
    const hash = this.#hashes.get(name);
    if (hash !== undefined) return hash;
    return this.#unknown[this.fingerprints.of(name).charCodeAt(0) % this.#unknown.length]!;
  }

  has(name: string): boolean {
    return this.#hashes.has(name);
  }
}

export const USERS_FILE = 'a file of users, as `portway passwd` makes it';

export function readUsers(text: string): FileReading<Users> {
  const lines = namedLines(text);
  if (typeof lines === 'number') return wrong(lines, 'no user and password');
  const hashes = new Map<string, PasswordHash>();
  for (const { number, name, rest } of lines) {
    const hash = parsePasswordHash(rest);
    if (hash === null) return wrong(number, foundIn(rest));
    if (hashes.has(name)) return wrong(number, 'a user who is there already');
    hashes.set(name, hash);
  }
  return { ok: true, value: new Users(hashes) };
}

/** Never the line itself: it may be a password. */
function wrong(line: number, what: string): FileReading<never> {
  return { ok: false, found: `${what} in line ${line}`, hint: 'make the line by: portway passwd FILE USER' };
}

function foundIn(rest: string): string {
  if (/^\$2[aby]\$/.test(rest)) return 'a bcrypt hash, which is not checked here,';
  if (/^(\$apr1\$|\{SHA\}|\$[156]\$)/.test(rest)) return 'a hash of htpasswd that is too weak';
  if (rest.startsWith('$scrypt$')) return 'an scrypt hash out of bounds';
  return 'something that is no hash of a password';
}
