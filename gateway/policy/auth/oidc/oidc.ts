import { randomInt } from 'node:crypto';
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import type { Fields } from '../../../exchange/contract.ts';
import { GatewayError } from '../../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../../fields/exchange.ts';
import type { KeptStates } from '../../kept.ts';
import { renewSession, unauthenticated } from '../credentials.ts';
import { isNavigation } from '../forward/question.ts';
import { isPrintableUser } from '../jwt/claims.ts';
import type { Authenticator, Outcome, ProofContext } from '../kind.ts';
import type { OidcSettings } from '../settings.ts';
import { type Cookies, cookieName, dropCookie, MAX_CHUNKS, setCookie } from './cookies.ts';
import { ownPathAsked, pathOfOwn, returnPath, urlTo } from './own-paths.ts';
import { type LoginChecks, Provider } from './provider.ts';
import { identityOf, Seal } from './seal.ts';
import { isToRefresh, isToRenew, knowsTooLittle, mayPass, type Session } from './session.ts';
import { Sessions } from './sessions.ts';
import { SessionAway } from './stored-sessions.ts';

/** A login under way, in a cookie of its own: several tabs may log in at once. */
interface Login extends LoginChecks {
  readonly back: string;
  readonly begunAt: number;
}

/** A login at an OpenID Connect provider, and sessions in cookies. */
export class OidcAuthenticator implements Authenticator {
  readonly #settings: OidcSettings;
  readonly #provider: Provider;
  readonly #sessions: Sessions;
  readonly #logins: Seal;
  readonly #tag: string;
  readonly #release: () => void;

  static open(settings: OidcSettings, kept: KeptStates): OidcAuthenticator {
    const key = `oidc ${JSON.stringify(settings)}`;
    const state = kept.acquire(key, () => new OidcState(settings, kept));
    return new OidcAuthenticator(settings, state, () => kept.release(key));
  }

  private constructor(settings: OidcSettings, { provider, sessions }: OidcState, release: () => void) {
    this.#settings = settings;
    this.#provider = provider;
    this.#sessions = sessions;
    this.#logins = new Seal(settings, 'login');
    this.#tag = identityOf(settings).slice(0, 10);
    this.#release = release;
  }

  claims(exchange: RoutedExchange): boolean {
    return ownPathAsked(exchange) !== null;
  }

  async check(exchange: RoutedExchange, { sessions }: ProofContext): Promise<Outcome> {
    try {
      return await this.#outcomeOf(exchange, sessions);
    } catch (cause) {
      if (!(cause instanceof GatewayError)) throw cause;
      if (cause.code === 'unauthenticated') return this.#refused(exchange, cause.message);
      return { kind: 'refused', error: cause };
    }
  }

  close(): void {
    this.#release();
  }

  #outcomeOf(exchange: RoutedExchange, cookies: Cookies): Outcome | Promise<Outcome> {
    const own = ownPathAsked(exchange);
    if (own === null) return this.#decide(exchange, cookies);
    // Codes and ways back are for no log.
    exchange.record.target = exchange.record.target.replace(/\?.*$/s, '');
    const { method } = exchange.downstream;
    const allowed = own === 'logout' ? ['GET', 'POST'] : ['GET'];
    if (!allowed.includes(method)) return notAllowed(allowed);
    if (own === 'login') return this.#begin(exchange, cookies);
    return own === 'callback' ? this.#finish(exchange, cookies) : this.#logOut(exchange, cookies);
  }

  async #decide(exchange: RoutedExchange, cookies: Cookies): Promise<Outcome> {
    const session = await this.#session(exchange, cookies).catch((cause) => {
      // A browser is soon here again, with a session in its cookies.
      const isAway = cause instanceof SessionAway && isNavigation(exchange);
      if (isAway || (cause instanceof GatewayError && cause.code === 'unauthenticated')) return null;
      throw cause;
    });
    const passes = session !== null && mayPass(session, this.#settings);
    if (session === null || (!passes && knowsTooLittle(session, this.#settings)))
      return isNavigation(exchange)
        ? this.#begin(exchange, cookies)
        : this.#refused(exchange, 'no session, or one of a route that asks the provider for less');
    // Even without a known user: the next client may be another one.
    exchange.personal = true;
    if (!passes) return forbidden('none of those whom `allow` names');
    const { user } = session;
    if (user === null || !isPrintableUser(user))
      return forbidden(`no ${this.#settings.user} that can be passed on`);
    return { kind: 'passed', user };
  }

  /**
   * The session of a request, refreshed if need be; the answer carries the changes. `null`: none. @throws GatewayError if it has ended, or
   * the store is unavailable
   */
  async #session(exchange: RoutedExchange, cookies: Cookies): Promise<Session | null> {
    const now = Date.now();
    const session = await this.#sessions.read(cookies, this.#name(exchange), now);
    if (session === null) return null;
    const due = isToRefresh(session, now);
    if (!due && !isToRenew(session, this.#settings, now)) return session;
    const refresh = () => this.#provider.refreshed(session, now);
    const newer = due
      ? await this.#sessions.refreshedOnce(session, now, refresh)
      : { ...session, usedAt: now };
    if (newer === session) return session;
    const name = this.#name(exchange);
    const lines = due
      ? await this.#sessions.write(newer, cookies, name)
      : await this.#sessions.renew(newer, cookies, name);
    if (lines.length > 0) renewSession(exchange, lines);
    return newer;
  }

  /** To the provider, and back to the page. */
  async #begin(exchange: RoutedExchange, cookies: Cookies): Promise<Outcome> {
    const back = returnPath(exchange, ownPathAsked(exchange));
    const slot = back.length > SHORT_BACK ? LONG : await this.#slotOf(exchange, cookies);
    const state = `${randomState()}.${slot}`;
    const checks = { state, nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
    const location = await this.#provider.loginUrl(urlTo('callback', exchange), checks);
    const login: Login = { ...checks, back, begunAt: Date.now() };
    const cookie = setCookie(
      this.#loginName(exchange, slot),
      await this.#logins.seal(login),
      LOGIN_MS / 1000,
    );
    return leadTo(location, cookie);
  }

  async #finish(exchange: RoutedExchange, cookies: Cookies): Promise<Outcome> {
    const url = URL.parse(urlTo('callback', exchange) + exchange.target.query);
    if (url === null) return this.#refused(exchange, 'a host that no provider leads back to');
    if (OF_OTHER_FLOWS.some((field) => url.searchParams.has(field)))
      return this.#refused(exchange, 'an answer of another flow than was asked for');
    const state = url.searchParams.get('state') ?? '';
    const name = this.#loginName(exchange, state.slice(state.lastIndexOf('.') + 1));
    const now = Date.now();
    const login = await this.#logins.open<Login>(cookies.get(name) ?? '');
    if (login === null || login.state !== state || now >= login.begunAt + LOGIN_MS)
      return this.#refused(exchange, 'no login of this browser is under way, or it took too long');
    const session = await this.#provider.sessionOf(url, login, now);
    const lines = await this.#sessions.write(session, cookies, this.#name(exchange));
    const long = this.#loginName(exchange, LONG);
    // The longest session and the longest login have no room beside each other.
    const crowded = lines.length >= 2 * MAX_CHUNKS && name !== long && cookies.has(long);
    return leadTo(login.back, [...lines, ...dropCookie(name), ...(crowded ? dropCookie(long) : [])]);
  }

  async #logOut(exchange: RoutedExchange, cookies: Cookies): Promise<Outcome> {
    const reading = this.#sessions.read(cookies, this.#name(exchange), Date.now());
    const session = await reading.catch(() => null);
    if (session) await this.#sessions.end(session);
    const own = [...cookies.keys()].filter((name) => name.startsWith(`${this.#name(exchange)}-`));
    const dropped = own.flatMap(dropCookie);
    // The session ends here, even if the provider is unavailable.
    const away = session && (await this.#provider.logoutUrl(session.idToken).catch(() => null));
    if (away) return leadTo(away, dropped);
    const fields = [...dropped, 'Content-Type', 'text/plain; charset=utf-8', 'Cache-Control', 'no-store'];
    return { kind: 'answered', answer: { status: 200, fields, body: Buffer.from('You are logged out.\n') } };
  }

  /**
   * Unfinished logins must not fill the space that browsers and servers have for cookies, nor may tabs that open at once: the number of
   * names is small. @returns a free one, else the oldest
   */
  async #slotOf(exchange: RoutedExchange, cookies: Cookies): Promise<string> {
    const begun = await Promise.all(
      SLOTS.map(async (slot) => {
        const sealed = cookies.get(this.#loginName(exchange, slot));
        return sealed === undefined ? 0 : ((await this.#logins.open<Login>(sealed))?.begunAt ?? 0);
      }),
    );
    const oldest = Math.min(...begun);
    const slots = SLOTS.filter((_slot, at) => begun[at] === oldest);
    return slots[randomInt(slots.length)]!;
  }

  #refused(exchange: RoutedExchange, why: string): Outcome {
    return unauthenticated(why, `Cookie realm="Portway", form-action="${pathOfOwn('login', exchange)}"`);
  }

  #name(exchange: RoutedExchange): string {
    return cookieName(exchange, this.#tag);
  }

  #loginName(exchange: RoutedExchange, slot: string): string {
    return `${this.#name(exchange)}-login-${slot}`;
  }
}

/** State that outlives a reload. */
class OidcState {
  readonly provider: Provider;
  readonly sessions: Sessions;

  constructor(settings: OidcSettings, kept: KeptStates) {
    this.provider = new Provider(settings, kept.log);
    this.sessions = new Sessions(settings, () => kept.texts);
  }

  close(): void {
    this.provider.close();
  }
}

/** `openid-client` would report these as the provider's fault, whoever sent them. */
const OF_OTHER_FLOWS = ['id_token', 'token', 'response'];
const LOGIN_MS = 600_000;
/** Of cookies of about 750 bytes each, so that they have room beside the longest session. */
const SLOTS = ['a', 'b', 'c', 'd', 'e'];
const SHORT_BACK = 256;
/** The one for longer ways back has up to 3,200 bytes. */
const LONG = 'long';

function leadTo(location: string, cookies: Fields): Outcome {
  const fields = ['Location', location, ...cookies, 'Cache-Control', 'no-store'];
  return {
    kind: 'answered',
    answer: { status: 302, fields: [...fields, 'Referrer-Policy', 'no-referrer'] },
  };
}

function forbidden(why: string): Outcome {
  return { kind: 'refused', error: new GatewayError('forbidden', why) };
}

function notAllowed(allowed: readonly string[]): Outcome {
  return { kind: 'answered', answer: { status: 405, fields: ['Allow', allowed.join(', ')] } };
}
