import type { Keepable } from '../../kept.ts';
import { isPassword, type PasswordHash } from './password.ts';

/** More of them are under way than anybody should wait for. */
export class TooManyChecks extends Error {
  override readonly name = 'TooManyChecks';
}

/** Checks passwords, a few at once: each takes tens of MiB and a thread of the few that files and names are read by, too. */
export class PasswordChecks implements Keepable {
  readonly #check: typeof isPassword;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(check: typeof isPassword = isPassword) {
    this.#check = check;
  }

  /** @throws TooManyChecks */
  async check(password: string, hash: PasswordHash): Promise<boolean> {
    if (this.#underWay >= AT_ONCE) await this.#turn();
    else this.#underWay++;
    try {
      return await this.#check(password, hash);
    } finally {
      // The slot is passed on directly, so that no newcomer gets in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay--;
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= WAITING_MAX) throw new TooManyChecks(`${WAITING_MAX} passwords wait already`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {}
}

const AT_ONCE = 2;
const WAITING_MAX = 32;
