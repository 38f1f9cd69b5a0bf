import { GatewayError } from '../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { KeptStates } from '../kept.ts';
import type { PolicyContext, Verdict } from '../policy.ts';
import { withoutField } from './credentials.ts';
import { isExcepted } from './exceptions.ts';
import type { Authenticator, Outcome, ProofContext } from './kind.ts';
import { type Cookies, takeCookies } from './oidc/cookies.ts';
import type { AuthSettings, KindSettings } from './settings.ts';

/** Authenticates the requests of a route, by one kind of proof or several. */
export class Gate {
  readonly #settings: AuthSettings;
  readonly #kinds: readonly Authenticator[];
  readonly #hasSessions: boolean;
  readonly #noSessions: Cookies = new Map();

  /** @throws PolicyError */
  static async open(settings: AuthSettings, kept: KeptStates): Promise<Gate> {
    const kinds: Authenticator[] = [];
    try {
      for (const kind of settings.kinds) kinds.push(await openKind(kind, kept));
    } catch (cause) {
      for (const opened of kinds) opened.close();
      throw cause;
    }
    return new Gate(settings, kinds);
  }

  private constructor(settings: AuthSettings, kinds: readonly Authenticator[]) {
    this.#settings = settings;
    this.#kinds = kinds;
    this.#hasSessions = settings.kinds.some(({ kind }) => kind === 'oidc');
  }

  /** @throws GatewayError */
  request(exchange: RoutedExchange, { pseudonym }: PolicyContext): Verdict | Promise<Verdict> {
    withoutField(exchange, 'x-forwarded-user');
    const { downstream, target, facts, match } = exchange;
    const asked = { method: downstream.method, target, facts, match };
    const sessions = this.#hasSessions ? takeCookies(exchange) : this.#noSessions;
    const excepted = isExcepted(this.#settings.except, asked);
    for (const kind of this.#kinds) kind.strip?.(exchange, excepted);
    const owner = this.#kinds.find((kind) => kind.claims?.(exchange));
    if (owner === undefined && excepted) return null;
    const context = { pseudonym, sessions };
    // The only kind decides alone.
    const sole = owner ?? (this.#kinds.length === 1 ? this.#kinds[0] : undefined);
    const outcome = sole ? sole.check(exchange, context) : this.#ask(exchange, context, []);
    return outcome instanceof Promise
      ? outcome.then((settled) => verdictOf(settled, exchange))
      : verdictOf(outcome, exchange);
  }

  close(): void {
    for (const kind of this.#kinds) kind.close();
  }

  /** Asks one kind after the other. @param before outcomes of earlier ones */
  #ask(
    exchange: RoutedExchange,
    context: ProofContext,
    before: readonly Outcome[],
  ): Outcome | Promise<Outcome> {
    const outcome = this.#kinds[before.length]!.check(exchange, context);
    return outcome instanceof Promise
      ? outcome.then((settled) => this.#next(exchange, context, [...before, settled]))
      : this.#next(exchange, context, [...before, outcome]);
  }

  #next(
    exchange: RoutedExchange,
    context: ProofContext,
    outcomes: readonly Outcome[],
  ): Outcome | Promise<Outcome> {
    const last = outcomes.at(-1)!;
    const all = this.#settings.need === 'all';
    if (last.kind === 'passed' && !all) this.#disown(exchange, this.#kinds[outcomes.length - 1]!);
    if ((last.kind === 'passed') !== all) return last;
    if (outcomes.length < this.#kinds.length) return this.#ask(exchange, context, outcomes);
    return all ? passedAs(outcomes) : refusalOf(outcomes);
  }

  /** Removes fields by which a client could pretend the decision of a kind that was not asked, or refused. */
  #disown(exchange: RoutedExchange, passing: Authenticator): void {
    if (passing.ownsAuthorization || !this.#kinds.some((kind) => kind.ownsAuthorization)) return;
    withoutField(exchange, 'authorization');
  }
}

/** The code of a kind is loaded when a route uses it. */
async function openKind(settings: KindSettings, kept: KeptStates): Promise<Authenticator> {
  switch (settings.kind) {
    case 'basic':
      return (await import('./basic/basic.ts')).BasicAuthenticator.open(settings, kept);
    case 'keys':
      return (await import('./api-keys/api-keys.ts')).ApiKeyAuthenticator.open(settings, kept);
    case 'forward':
      return (await import('./forward/forward.ts')).ForwardAuthenticator.open(settings, kept);
    case 'oidc':
      return (await import('./oidc/oidc.ts')).OidcAuthenticator.open(settings, kept);
    case 'jwt':
      return (await import('./jwt/jwt.ts')).JwtAuthenticator.open(settings, kept);
  }
}

/** @throws GatewayError */
function verdictOf(outcome: Outcome, exchange: RoutedExchange): Verdict {
  if (outcome.kind === 'refused') throw outcome.error;
  if (outcome.kind === 'answered') return outcome.answer;
  if (outcome.user !== null) exchange.user = outcome.user;
  return null;
}

/** All kinds have passed: the user is the first known one. */
function passedAs(outcomes: readonly Outcome[]): Outcome {
  return outcomes.find((each) => each.kind === 'passed' && each.user !== null) ?? outcomes[0]!;
}

/**
 * No kind has passed. The first error other than `unauthenticated` decides: the proof may have been right and could not be verified, or the
 * user is known and forbidden. Then comes an answer that leads to a proof; else all challenges.
 */
function refusalOf(outcomes: readonly Outcome[]): Outcome {
  const errors = outcomes.flatMap((each) => (each.kind === 'refused' ? each.error : []));
  const first = errors.find(({ code }) => code !== 'unauthenticated');
  if (first !== undefined) return { kind: 'refused', error: first };
  const answered = outcomes.find(({ kind }) => kind === 'answered');
  if (answered !== undefined) return answered;
  const fields = errors.flatMap((error) => error.fields);
  const why = errors.map(({ message }) => message).join('; ');
  return { kind: 'refused', error: new GatewayError('unauthenticated', why, { fields }) };
}
