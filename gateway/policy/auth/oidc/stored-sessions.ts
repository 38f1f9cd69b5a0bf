import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../../exchange/error-catalog.ts';
import { BoundedTable } from '../../bounded-table.ts';
import { SHARED_TEXT_MAX, type SharedTexts, type TextQuestion } from '../../shared-texts.ts';
import type { OidcSettings } from '../settings.ts';
import { Seal } from './seal.ts';
import type { Session } from './session.ts';

/** As it was read or written last. */
interface Known {
  readonly session: Session;
  readonly sealed: string;
  /** When it was asked for, by the clock that never goes back. */
  readonly askedAt: number;
}

/** Sessions too long for a cookie, sealed in the Redis. The name of each is in a cookie, sealed, too. */
export class StoredSessions {
  readonly #settings: OidcSettings;
  readonly #seal: Seal;
  readonly #texts: () => SharedTexts | null;
  readonly #patienceMs: number;
  readonly #known = new BoundedTable<Known>(KNOWN_CHARS, ({ sealed }) => sealed.length);
  /** Of several requests at once one asks. */
  readonly #asking = new Map<string, Promise<Session | null>>();

  constructor(settings: OidcSettings, texts: () => SharedTexts | null, patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    this.#settings = settings;
    // Not the key of cookies: otherwise a copy of a text from the Redis would be a valid cookie.
    this.#seal = new Seal(settings, 'stored');
    this.#texts = texts;
  }

  /** One that was read within the last seconds, or can't be asked for, is as it was known last. `null`: it is over. @throws SessionAway */
  async read(name: string): Promise<Session | null> {
    const known = this.#known.get(name);
    if (known !== undefined && performance.now() - known.askedAt < FRESH_MS) return known.session;
    return this.newest(name);
  }

  /** @throws SessionAway if the Redis is unavailable */
  newest(name: string): Promise<Session | null> {
    let asking = this.#asking.get(name);
    if (asking === undefined) {
      asking = this.#read(name).finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
    }
    return asking;
  }

  /** @returns its name; `null`: it can't be kept there now. @throws GatewayError where it was ended meanwhile */
  async keep(session: Session): Promise<string | null> {
    const name = session.storedAs ?? randomBytes(24).toString('base64url');
    const kept = await this.#keep({ ...session, storedAs: name }, session.storedAs ? null : '');
    if (kept === false) throw new GatewayError('unauthenticated', ENDED);
    return kept === null ? null : name;
  }

  /** Writes it only if it is unchanged: a version written by another replica is newer. */
  async renew(session: Session): Promise<void> {
    const known = this.#known.get(session.storedAs!);
    if (known !== undefined) await this.#keep(session, known.sealed);
  }

  /** Whether another replica is refreshing it at this moment. */
  async isClaimed(name: string): Promise<boolean> {
    const claimed = await this.#ask({ do: 'claim', name: claimOf(name), forMs: CLAIM_MS }).catch(() => name);
    return claimed === null;
  }

  async release(name: string): Promise<void> {
    await this.#ask({ do: 'drop', name: claimOf(name) }).catch(() => {});
  }

  async drop(name: string): Promise<void> {
    this.#known.delete(name);
    await this.#ask({ do: 'drop', name: nameOf(name) }).catch(() => {});
  }

  async #read(name: string): Promise<Session | null> {
    const askedAt = performance.now();
    const known = this.#known.get(name);
    /** Unless it was written, or ended, here meanwhile. */
    const remember = (read: Known) => {
      if (this.#known.get(name) === known) this.#known.set(name, read);
    };
    const sealed = await this.#ask({ do: 'read', name: nameOf(name) }).catch(() => undefined);
    if (sealed === undefined && known === undefined) throw new SessionAway();
    if (sealed === undefined || sealed === known?.sealed) {
      remember({ ...known!, askedAt });
      return known!.session;
    }
    const session = sealed && (await this.#seal.open<Session>(sealed));
    // Whoever can write to the Redis could exchange sessions.
    if (!session || session.storedAs !== name) {
      this.#known.delete(name);
      return null;
    }
    remember({ session, sealed, askedAt });
    return session;
  }

  /** @returns whether it is stored; `null`: unknown. @param was as in `TextQuestion` */
  async #keep(session: Session, was: string | null): Promise<boolean | null> {
    if (this.#texts() === null) return null;
    const sealed = await this.#seal.seal(session);
    const forMs = session.loggedInAt + this.#settings.lifetimeMs - Date.now();
    if (sealed.length > SHARED_TEXT_MAX || forMs <= 0) return null;
    const name = session.storedAs!;
    const asked = this.#ask({ do: 'keep', name: nameOf(name), text: sealed, forMs, was });
    const kept = await asked.catch(() => undefined);
    if (kept === undefined) return null;
    if (kept === null) return false;
    this.#known.set(name, { session, sealed, askedAt: performance.now() });
    return true;
  }

  /** @throws Error where it can't be asked, or gives no answer soon */
  async #ask(question: TextQuestion): Promise<string | null> {
    const texts = this.#texts();
    if (texts === null) throw new Error('nothing is shared');
    const late = new AbortController();
    const patience = sleep(this.#patienceMs, undefined, { signal: late.signal, ref: false }).then(() => {
      throw new Error('no answer in time');
    });
    try {
      return await Promise.race([texts.ask(question), patience]);
    } finally {
      late.abort();
      patience.catch(() => {});
    }
  }
}

/** Why there is no session any more. */
export const ENDED = 'the session was ended elsewhere';

/** The store is unavailable, so whether there is a session is unknown. */
export class SessionAway extends GatewayError {
  constructor() {
    super('auth_unavailable', 'the session is in the Redis, which gives no answer');
  }
}

function nameOf(name: string): string {
  return `oidc:${name}`;
}

function claimOf(name: string): string {
  return `oidc:${name}:refresh`;
}

/** Characters of sealed sessions, and at most twice as many. An opened session takes another one and a half times as much. */
const KNOWN_CHARS = 8 * 1024 * 1024;
/** How long a session that was ended by another replica may serve on. */
const FRESH_MS = 5_000;
/** The process that holds the connection to the Redis answers sooner, unless it hangs. */
const PATIENCE_MS = 3_000;
/** Longer than all waits for a provider: metadata, tokens, keys and userinfo, five seconds each. */
const CLAIM_MS = 30_000;
