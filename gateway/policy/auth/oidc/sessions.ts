import { GatewayError } from '../../../exchange/error-catalog.ts';
import { BoundedTable } from '../../bounded-table.ts';
import { Fingerprints } from '../fingerprint.ts';
import type { OidcSettings } from '../settings.ts';
import { type Cookies, fitsChunks, joinChunks, setChunks } from './cookies.ts';
import { Seal } from './seal.ts';
import { isOver, type Session } from './session.ts';

/** The sessions that browsers carry: read, written, and refreshed once for all requests that find them due. */
export class Sessions {
  readonly #settings: OidcSettings;
  readonly #seal: Seal;
  readonly #fingerprints = new Fingerprints();
  /** What was opened before, by what it was sealed in. */
  readonly #known = new BoundedTable<Session>(1024);
  /** By the refresh token, which many providers take once. */
  readonly #refreshes = new BoundedTable<{ readonly at: number; readonly newer: Promise<Session> }>(1024);

  constructor(settings: OidcSettings) {
    this.#settings = settings;
    this.#seal = new Seal(settings, 'session');
  }

  /** `null`: none that holds. */
  async read(cookies: Cookies, name: string, now: number): Promise<Session | null> {
    const sealed = joinChunks(cookies, name);
    if (sealed === null) return null;
    const mark = this.#fingerprints.of(sealed);
    const session = this.#known.get(mark) ?? (await this.#seal.open<Session>(sealed));
    if (session === null) return null;
    this.#known.set(mark, session);
    return isOver(session, this.#settings, now) ? null : session;
  }

  /** @returns the lines that set it. @throws GatewayError where it is too long for cookies */
  async write(session: Session, cookies: Cookies, name: string): Promise<string[]> {
    let sealed = await this.#seal.seal(session);
    // The provider asks whether they want to log out, then.
    if (!fitsChunks(sealed)) sealed = await this.#seal.seal({ ...session, idToken: null });
    if (fitsChunks(sealed)) return setChunks(cookies, name, sealed);
    const why = 'the session is too long for cookies: ask for fewer scopes, or for shorter tokens';
    throw new GatewayError('auth_unavailable', why);
  }

  /** A page asks for many things at once, and some of it arrives with the cookie from before: they all get the same newer session. */
  refreshedOnce(session: Session, now: number, refresh: () => Promise<Session>): Promise<Session> {
    const mark = this.#fingerprints.of(session.refreshToken!);
    const known = this.#refreshes.get(mark);
    if (known !== undefined && now < known.at + REMEMBERED_MS) return known.newer;
    const newer = refresh();
    this.#refreshes.set(mark, { at: now, newer });
    // What failed is tried again by the next who asks.
    newer.catch(() => this.#refreshes.delete(mark));
    return newer;
  }
}

const REMEMBERED_MS = 60_000;
