import { GatewayError } from '../../../exchange/error-catalog.ts';
import { isHopByHopAnswer, nominate } from '../../../fields/connection.ts';
import type { LocalAnswer, RoutedExchange } from '../../../fields/exchange.ts';
import type { KeptStates } from '../../kept.ts';
import type { PolicyContext } from '../../policy.ts';
import { renewSession, withoutField, withoutTwins } from '../credentials.ts';
import { isPrintableUser } from '../jwt/claims.ts';
import type { Authenticator, Outcome } from '../kind.ts';
import { Outbound, type OutboundAnswer } from '../outbound.ts';
import type { ForwardSettings } from '../settings.ts';
import { isNavigation, questionOf, signInAddress } from './question.ts';

/** Another service decides each request. Anything but a clear yes lets nothing pass. */
export class ForwardAuthenticator implements Authenticator {
  readonly #settings: ForwardSettings;
  readonly #url: URL;
  readonly #outbound: Outbound;
  readonly #release: () => void;
  /** Fields that only its answer may set. */
  readonly #own: readonly string[];
  readonly ownsAuthorization: boolean;

  static open(settings: ForwardSettings, kept: KeptStates): ForwardAuthenticator {
    const key = 'outbound of auth';
    const outbound = kept.acquire(key, () => new Outbound());
    return new ForwardAuthenticator(settings, outbound, () => kept.release(key));
  }

  private constructor(settings: ForwardSettings, outbound: Outbound, release: () => void) {
    this.#settings = settings;
    this.#url = new URL(settings.url);
    this.#outbound = outbound;
    this.#release = release;
    this.#own = [...new Set([...settings.copy, ...settings.users].map((name) => name.toLowerCase()))];
    this.ownsAuthorization = settings.copy.some((name) => name.toLowerCase() === 'authorization');
  }

  /** Removes fields that the service trusts as this gate's statements, on exceptions, too. */
  strip(exchange: RoutedExchange, excepted: boolean): void {
    for (const name of this.#own) {
      // It may be the proof that is asked about.
      if (name === 'authorization' && !excepted) continue;
      withoutField(exchange, name);
      withoutTwins(exchange, name);
    }
  }

  async check(exchange: RoutedExchange, { pseudonym }: PolicyContext): Promise<Outcome> {
    const { timeoutMs } = this.#settings;
    const headers = questionOf(exchange, pseudonym);
    try {
      const { signal } = exchange;
      const asked = { url: this.#url, headers, timeoutMs, bodyMaxBytes: BODY_MAX_BYTES, signal };
      return this.#outcomeOf(await this.#outbound.get(asked), exchange);
    } catch (cause) {
      return unavailable(cause instanceof Error ? cause.message : 'it gave no answer');
    }
  }

  close(): void {
    this.#release();
  }

  #outcomeOf(answer: OutboundAnswer, exchange: RoutedExchange): Outcome {
    const { status } = answer;
    if (status >= 200 && status < 300) return this.#passed(answer, exchange);
    if (status < 300 || status === 304 || status >= 500)
      return unavailable(status === 508 ? 'it is this gateway that was asked: 508' : `it answered ${status}`);
    const { signIn } = this.#settings;
    if (status === 401 && signIn !== null && isNavigation(exchange)) {
      const fields = ['Location', signInAddress(signIn, exchange), 'Cache-Control', 'no-store'];
      return {
        kind: 'answered',
        answer: { status: 302, fields: [...fields, ...named(answer, 'set-cookie')] },
      };
    }
    return { kind: 'answered', answer: passedOn(answer) };
  }

  #passed(answer: OutboundAnswer, exchange: RoutedExchange): Outcome {
    const { copy, users } = this.#settings;
    const user = users.flatMap((name) => named(answer, name.toLowerCase()).filter(isValue))[0] ?? '';
    if (user !== '' && !isPrintableUser(user))
      return unavailable('the user that it names is no name that can be passed on');
    for (const name of copy) {
      const lower = name.toLowerCase();
      withoutField(exchange, lower);
      exchange.ownKept().push(...named(answer, lower));
    }
    const cookies = named(answer, 'set-cookie');
    if (cookies.length > 0) renewSession(exchange, cookies);
    // Even without a known user: the next client may be another one.
    exchange.personal = true;
    return { kind: 'passed', user: user === '' ? null : user };
  }
}

const BODY_MAX_BYTES = 64 * 1024;

const isValue = (_text: string, at: number) => at % 2 === 1;

/** The lines of one field. */
function named({ fields }: OutboundAnswer, lowerName: string): string[] {
  const lines: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i]!.toLowerCase() === lowerName) lines.push(fields[i]!, fields[i + 1]!);
  return lines;
}

/** The service's answer, without the fields of its connection. */
function passedOn(answer: OutboundAnswer): LocalAnswer {
  const { status, body } = answer;
  let nominated: Set<string> | null = null;
  for (const [at, value] of named(answer, 'connection').entries())
    if (at % 2 === 1) nominated = nominate(value, nominated);
  const fields: string[] = [];
  for (let i = 0; i < answer.fields.length; i += 2) {
    const lower = answer.fields[i]!.toLowerCase();
    if (isHopByHopAnswer(lower) || OURS.has(lower) || nominated?.has(lower)) continue;
    fields.push(answer.fields[i]!, answer.fields[i + 1]!);
  }
  return { status, fields, body };
}

/** Written anew for every answer. */
const OURS: ReadonlySet<string> = new Set(['content-length', 'date', 'x-request-id']);

function unavailable(why: string): Outcome {
  return {
    kind: 'refused',
    error: new GatewayError('auth_unavailable', `the service of forward: ${why}`),
  };
}
