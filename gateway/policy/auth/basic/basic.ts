import { GatewayError } from '../../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../../fields/exchange.ts';
import { FollowedFile } from '../../followed-file.ts';
import type { KeptStates } from '../../kept.ts';
import { authorization, quoted, unauthenticated } from '../credentials.ts';
import type { Authenticator, Outcome } from '../kind.ts';
import type { BasicSettings } from '../settings.ts';
import { PasswordChecks, TooManyChecks } from './password-checks.ts';
import { readUsers, type Users } from './users.ts';

const CHECKS = 'password checks';

/** A name and a password (RFC 7617). */
export class BasicAuthenticator implements Authenticator {
  readonly #file: FollowedFile<Users>;
  readonly #checks: PasswordChecks;
  readonly #challenge: string;
  readonly #release: () => void;

  /** @throws PolicyError */
  static async open(settings: BasicSettings, kept: KeptStates): Promise<BasicAuthenticator> {
    const { file } = settings;
    const { followed, release } = await FollowedFile.acquire(kept, `users ${file}`, file, readUsers);
    const checks = kept.acquire(CHECKS, () => new PasswordChecks());
    return new BasicAuthenticator(settings, followed, checks, () => {
      kept.release(CHECKS);
      release();
    });
  }

  private constructor(
    { realm }: BasicSettings,
    file: FollowedFile<Users>,
    checks: PasswordChecks,
    release: () => void,
  ) {
    this.#file = file;
    this.#checks = checks;
    this.#challenge = `Basic realm=${quoted(realm)}, charset="UTF-8"`;
    this.#release = release;
  }

  check({ facts }: RoutedExchange): Outcome | Promise<Outcome> {
    const credentials = authorization(facts.kept, 'basic');
    if (credentials === undefined) return this.#refused('no name and password');
    if (credentials === null) return this.#refused('several Authorization fields');
    const users = this.#file.value;
    const mark = users.fingerprints.of(credentials);
    const user = users.right.get(mark);
    if (user !== undefined) return { kind: 'passed', user };
    if (users.wrong.get(mark)) return this.#refused(WRONG);
    const decoded = decode(credentials);
    return decoded === null
      ? this.#refused('no name and password in base64')
      : this.#ask(users, mark, decoded);
  }

  async #ask(users: Users, mark: string, [name, password]: NameAndPassword): Promise<Outcome> {
    try {
      // A browser sends several requests at once: one check is enough.
      let asked = users.underWay.get(mark);
      if (asked === undefined) {
        asked = this.#verify(users, mark, name, password);
        users.underWay.set(mark, asked);
      }
      return (await asked) ? { kind: 'passed', user: name } : this.#refused(WRONG);
    } catch (cause) {
      if (!(cause instanceof TooManyChecks)) throw cause;
      return { kind: 'refused', error: new GatewayError('auth_busy', cause.message) };
    }
  }

  async #verify(users: Users, mark: string, name: string, password: string): Promise<boolean> {
    try {
      const hash = users.hashOf(name);
      const matches = (await this.#checks.check(password, hash)) && users.has(name);
      if (matches) users.right.set(mark, name);
      else users.wrong.set(mark, true);
      return matches;
    } finally {
      users.underWay.delete(mark);
    }
  }

  #refused(why: string): Outcome {
    return unauthenticated(why, this.#challenge);
  }

  close(): void {
    this.#release();
  }
}

const WRONG = 'a wrong name or password';

type NameAndPassword = readonly [name: string, password: string];

/** `null`: it is no base64 of UTF-8 with a colon in it. Strictly: a service must not read another name out of it. */
function decode(credentials: string): NameAndPassword | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials) || credentials.length % 4 !== 0) return null;
  const bytes = Buffer.from(credentials, 'base64');
  const text = bytes.toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1 || !Buffer.from(text).equals(bytes)) return null;
  return [text.slice(0, colon), text.slice(colon + 1)];
}
