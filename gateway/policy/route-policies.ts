import type { Downstream, Fields } from '../exchange/contract.ts';
import type { RoutedExchange, RoutedHead } from '../fields/exchange.ts';
import { PARTS, partsOf } from '../fields/request-facts.ts';
import type { PolicySettings } from '../model/config.ts';
import type { PolicyVerdict } from '../route/explanation.ts';
import type { CodedHeads } from './compress/coded-head.ts';
import type { KeptStates } from './kept.ts';
import type {
  AskedRequest,
  BoundPolicy,
  ClientHook,
  FieldsHook,
  Policy,
  PolicyContext,
  Verdict,
} from './policy.ts';

interface NamedRequestHook {
  readonly name: string;
  /** A bit of `PARTS`. */
  readonly about: number;
  readonly request: NonNullable<BoundPolicy['request']>;
}

interface NamedHooks {
  readonly name: string;
  readonly hooks: BoundPolicy | null;
}

interface NamedForesight {
  readonly name: string;
  readonly foresee: NonNullable<BoundPolicy['foresee']>;
}

/** The policies of one route, in their order. Where none has something to do, its hook is an empty list. */
export class RoutePolicies {
  readonly #requests: readonly NamedRequestHook[];
  /** Bits of `PARTS`: no policy has anything to say to a request that has none of them. */
  readonly about: number;
  readonly #toService: readonly FieldsHook[];
  readonly #toClient: readonly FieldsHook[];
  readonly #answersDependOn: readonly ((exchange: RoutedHead) => string)[];
  /** Identifies these policies in results derived with them, without keeping them in memory: one object per route and snapshot. */
  readonly mark: object = {};
  /** Whether none of them does anything to the head of an answer. */
  readonly passAnswers: boolean;
  readonly #clients: readonly ClientHook[];
  /** Whether one of them may stand in the client's place. */
  readonly watchAnswers: boolean;
  /** `null`: nothing is compressed, or others have to see its bytes before. */
  readonly codedHeads: CodedHeads | null;
  readonly #ownAnswer: readonly FieldsHook[];
  readonly #errorPage: NonNullable<BoundPolicy['errorPage']> | null;
  /** Effects on answers, one line each. */
  readonly explain: readonly string[];
  readonly #foresights: readonly NamedForesight[];
  /** Request fields that they check or write: in lower case, with dashes. */
  readonly decidedFields: ReadonlySet<string>;
  readonly #opens: readonly NonNullable<BoundPolicy['open']>[];
  readonly #opened: (() => void)[] = [];

  /** @param ofOthers hooks that depend on other routes, too; they come before the route's own policies */
  constructor(order: readonly Policy[], settings: PolicySettings, ofOthers: readonly NamedHooks[] = []) {
    const named = order.map((policy) => ({ name: policy.name, hooks: policy.bind(settings[policy.name]) }));
    const bound = [...ofOthers, ...named].flatMap(({ name, hooks }) =>
      hooks === null ? [] : [{ name, ...hooks }],
    );
    this.#requests = bound.flatMap(({ name, about = 'any', request }) =>
      request ? { name, about: PARTS[about], request } : [],
    );
    this.about = this.#requests.reduce((parts, { about }) => parts | about, 0);
    this.#toService = bound.flatMap(({ toService }) => toService ?? []);
    const answerHooks = bound.flatMap(({ toClient }) => toClient ?? []);
    this.#toClient = answerHooks.map(({ edit }) => edit);
    this.passAnswers = answerHooks.length === 0;
    this.#answersDependOn = answerHooks.flatMap(({ dependsOn }) => dependsOn ?? []);
    // The first of them sees an answer first: it stands furthest from the client.
    this.#clients = bound.flatMap(({ client }) => client ?? []).reverse();
    this.watchAnswers = this.#clients.length > 0;
    const codedHeads = bound.find((hooks) => hooks.codedHeads)?.codedHeads ?? null;
    this.codedHeads = this.#clients.length === 1 ? codedHeads : null;
    this.#ownAnswer = bound.flatMap(({ ownAnswer }) => ownAnswer ?? []);
    this.#errorPage = bound.find(({ errorPage }) => errorPage)?.errorPage ?? null;
    this.explain = bound.flatMap(({ explain }) => explain ?? []);
    this.#foresights = bound.flatMap(({ name, foresee }) => (foresee ? { name, foresee } : []));
    const decided = bound.flatMap(({ decides }) => decides ?? []);
    this.decidedFields = new Set(decided.map((name) => name.toLowerCase().replaceAll('_', '-')));
    this.#opens = bound.flatMap(({ open }) => open ?? []);
  }

  get opens(): boolean {
    return this.#opens.length > 0;
  }

  /** Before the first exchange. @throws PolicyError */
  async open(kept: KeptStates, route: string): Promise<void> {
    for (const open of this.#opens) this.#opened.push(await open(kept, route));
  }

  /** After the last one. */
  close(): void {
    for (const close of this.#opened.splice(0)) close();
  }

  /**
   * Where the request has nothing of `about`, all let it pass. The record names the policy that is asked, so that it names the one that answered or refused in the end.
   * @returns the first answer that a policy gives, `null` if all let the exchange pass. @throws GatewayError
   */
  request(exchange: RoutedExchange, context: PolicyContext): Verdict | Promise<Verdict> {
    return this.#requestFrom(0, exchange, context);
  }

  #requestFrom(first: number, exchange: RoutedExchange, context: PolicyContext): Verdict | Promise<Verdict> {
    const { record } = exchange;
    const parts = partsOf(exchange);
    for (let at = first; at < this.#requests.length; at++) {
      const { name, about, request } = this.#requests[at]!;
      if ((parts & about) === 0) continue;
      record.policy = name;
      const verdict = request(exchange, context);
      if (verdict instanceof Promise)
        return verdict.then((answer) => answer ?? this.#requestFrom(at + 1, exchange, context));
      if (verdict !== null) return verdict;
    }
    record.policy = null;
    return null;
  }

  /** The verdicts for a hypothetical request in order, up to the first that answers. */
  foresee(asked: AskedRequest): readonly PolicyVerdict[] {
    const verdicts: PolicyVerdict[] = [];
    for (const { name, foresee } of this.#foresights) {
      const foreseen = foresee(asked);
      if (foreseen === null) continue;
      verdicts.push({ policy: name, ...foreseen });
      if (foreseen.status !== null) break;
    }
    return verdicts;
  }

  toService(fields: Fields, exchange: RoutedHead): Fields {
    return through(this.#toService, fields, exchange);
  }

  /** The part of the exchange that `toClient` depends on, beside the fields. */
  variantOf(exchange: RoutedHead): string {
    const depends = this.#answersDependOn;
    if (depends.length === 1) return depends[0]!(exchange);
    return depends.map((part) => part(exchange)).join('\n');
  }

  toClient(fields: Fields, exchange: RoutedHead): Fields {
    return through(this.#toClient, fields, exchange);
  }

  /** The client with its answer filters; the client itself where `watchAnswers` is false. */
  client(client: Downstream, exchange: RoutedExchange): Downstream {
    let out = client;
    for (const hook of this.#clients) out = hook(out, exchange);
    return out;
  }

  ownAnswer(fields: Fields, exchange: RoutedHead): Fields {
    return through(this.#ownAnswer, fields, exchange);
  }

  /** The configured page for people, in place of the gateway's own. */
  errorPage(status: number, requestId: string): Buffer | null {
    return this.#errorPage?.(status, requestId) ?? null;
  }
}

function through(hooks: readonly FieldsHook[], fields: Fields, exchange: RoutedHead): Fields {
  let out = fields;
  for (const hook of hooks) out = hook(out, exchange);
  return out;
}
