import { GatewayError } from '../../../exchange/error-catalog.ts';
import { BoundedTable } from '../../bounded-table.ts';
import type { SharedTexts } from '../../shared-texts.ts';
import { Fingerprints } from '../fingerprint.ts';
import type { OidcSettings } from '../settings.ts';
import { type Cookies, fitsChunks, fitsOneCookie, joinChunks, setChunks } from './cookies.ts';
import { Seal } from './seal.ts';
import { isOver, isToRefresh, type Session } from './session.ts';
import { ENDED, StoredSessions } from './stored-sessions.ts';

/** The name of a session that is elsewhere, in the place of the session. */
interface Pointer {
  readonly pointsTo: string;
}

/** The sessions of browsers: read, written, and refreshed once for all requests that find them due. */
export class Sessions {
  readonly #settings: OidcSettings;
  readonly #seal: Seal;
  readonly #stored: StoredSessions;
  readonly #fingerprints = new Fingerprints();
  /** Opened sessions, by their sealed text. */
  readonly #known = new BoundedTable<Session | Pointer>(1024);
  /** By the refresh token, which many providers take once. */
  readonly #refreshes = new BoundedTable<{ readonly at: number; readonly newer: Promise<Session> }>(1024);

  constructor(settings: OidcSettings, texts: () => SharedTexts | null) {
    this.#settings = settings;
    this.#seal = new Seal(settings, 'session');
    this.#stored = new StoredSessions(settings, texts);
  }

  /** `null`: none that holds. @throws SessionAway */
  async read(cookies: Cookies, name: string, now: number): Promise<Session | null> {
    const sealed = joinChunks(cookies, name);
    if (sealed === null) return null;
    const mark = this.#fingerprints.of(sealed);
    const found = this.#known.get(mark) ?? (await this.#seal.open<Session | Pointer>(sealed));
    if (found === null) return null;
    this.#known.set(mark, found);
    const session = 'pointsTo' in found ? await this.#stored.read(found.pointsTo) : found;
    return session === null || isOver(session, this.#settings, now) ? null : session;
  }

  /**
   * Stores sessions too long for a cookie in the Redis. @returns the lines that set the cookies. @throws GatewayError if it is too long for
   * cookies, and there is no Redis
   */
  async write(session: Session, cookies: Cookies, name: string): Promise<string[]> {
    let sealed = await this.#seal.seal({ ...session, storedAs: null });
    const isShort = fitsOneCookie(sealed);
    if (!isShort) {
      const pointsTo = await this.#stored.keep(session);
      if (pointsTo !== null && pointsTo === session.storedAs) return [];
      if (pointsTo !== null)
        return setChunks(cookies, name, await this.#seal.seal({ pointsTo } satisfies Pointer));
    }
    // The provider asks whether they want to log out, then.
    if (!fitsChunks(sealed)) sealed = await this.#seal.seal({ ...session, storedAs: null, idToken: null });
    if (fitsChunks(sealed)) {
      // Else the Redis is away, and requests under way have the cookie from before.
      if (isShort && session.storedAs) void this.#stored.drop(session.storedAs);
      return setChunks(cookies, name, sealed);
    }
    // It serves on as it is known here.
    if (session.storedAs) return [];
    const why = 'the session is too long for cookies: ask for fewer scopes, or for shorter tokens';
    throw new GatewayError('auth_unavailable', why);
  }

  /** It is used. @returns the lines that say so */
  async renew(session: Session, cookies: Cookies, name: string): Promise<string[]> {
    if (!session.storedAs) return this.write(session, cookies, name);
    await this.#stored.renew(session);
    return [];
  }

  async end({ storedAs }: Session): Promise<void> {
    if (storedAs) await this.#stored.drop(storedAs);
  }

  /** A page asks for many things at once, and some of it arrives with the cookie from before: they all get the same newer session. @returns the same one, where another replica is at it */
  refreshedOnce(session: Session, now: number, refresh: () => Promise<Session>): Promise<Session> {
    const mark = this.#fingerprints.of(session.refreshToken!);
    const known = this.#refreshes.get(mark);
    if (known !== undefined && now < known.at + REMEMBERED_MS) return known.newer;
    const { storedAs } = session;
    const newer = storedAs ? this.#refreshedOver(session, storedAs, now, refresh) : refresh();
    this.#refreshes.set(mark, { at: now, newer });
    const forget = () => this.#refreshes.delete(mark);
    // After a failure, or a refresh elsewhere, the next request tries again.
    newer.then((got) => {
      if (got === session) forget();
    }, forget);
    return newer;
  }

  async #refreshedOver(session: Session, name: string, now: number, refresh: () => Promise<Session>) {
    const newest = await this.#stored.newest(name).catch(() => undefined);
    if (newest === null) throw new GatewayError('unauthenticated', ENDED);
    if (newest !== undefined && !isToRefresh(newest, now)) return newest;
    if (await this.#stored.isClaimed(name)) return session;
    try {
      return await refresh();
    } catch (cause) {
      await this.#stored.release(name);
      throw cause;
    }
  }
}

const REMEMBERED_MS = 60_000;
