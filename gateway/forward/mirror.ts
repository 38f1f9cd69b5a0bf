import type { AnswerSink, BodySink, Fields, RequestBody, UpstreamCall } from '../exchange/contract.ts';
import { CountedShare } from '../exchange/share.ts';
import type { Deadline, Timed } from '../exchange/timer-wheel.ts';
import { TransientSet } from '../exchange/transient.ts';
import type { MirrorConfig, UpstreamConfig } from '../model/config.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { UpstreamRegistry, UpstreamSpec } from '../upstream/registry.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { INFORMATIONAL_MAX } from './answer-framing.ts';
import type { AnswerPair } from './answer-pair.ts';
import { Comparison } from './comparison.ts';
import type { RequestPlan } from './request-plan.ts';

/** The outcome of a copy: answered, failed, its body too large, or skipped because too many others were under way. */
export type MirrorResult = 'answered' | 'failed' | 'too_large' | 'skipped';

/**
 * Sends copies of a route's requests to another service, and throws its answers away. A copy begins when the original has been sent; nothing
 * of the original waits for it, and nothing that it does is seen there.
 */
export class Mirror {
  readonly config: MirrorConfig;
  readonly #upstream: Upstream;
  readonly #release: () => void;
  readonly #share: CountedShare;
  readonly #underWay = new TransientSet<MirrorCopy>();
  readonly #comparison: Comparison | null;
  #closed = false;

  constructor(config: MirrorConfig, spec: UpstreamSpec, registry: UpstreamRegistry) {
    this.config = config;
    this.#upstream = registry.acquire(spec);
    this.#release = () => registry.release(spec);
    this.#share = new CountedShare(config.share);
    const { compare } = config;
    this.#comparison = compare ? new Comparison(compare, this.#upstream.traffic) : null;
  }

  /** @returns a copy that is still to be made; `null`: none is. */
  begin(method: string, plan: RequestPlan): MirrorCopy | null {
    if (this.#closed || this.#comparison?.concerns(method) === false || !this.#share.takes()) return null;
    if ((plan.body?.length ?? 0) > this.config.bodyMaxBytes) return this.#count('too_large');
    if (this.#underWay.size >= UNDER_WAY_MAX || this.#comparison?.isFull) return this.#count('skipped');
    const pair = this.#comparison?.begin(method, plan.sentTarget) ?? null;
    const copy = new MirrorCopy(this, this.#upstream, method, plan, pair);
    this.#underWay.add(copy);
    return copy;
  }

  /** Once for each. @param result `null`: its original did not come to its end. */
  ended(copy: MirrorCopy, result: MirrorResult | null): void {
    if (!this.#underWay.delete(copy)) return;
    if (copy.pair !== null) this.#comparison?.settle(copy.pair, result !== 'answered' || !copy.isEnough);
    else if (result !== null) this.#count(result);
  }

  /** @param pair whose original is over, one way or another */
  originalEnded(pair: AnswerPair): void {
    this.#comparison?.settle(pair, !pair.original.body.whole);
  }

  #count(result: MirrorResult): null {
    if (this.#comparison === null) this.#upstream.traffic.mirrored[result]++;
    else this.#comparison.counts.skipped++;
    return null;
  }

  /** Aborts the copies under way. */
  close(): void {
    this.#closed = true;
    for (const copy of [...this.#underWay]) copy.giveUp('failed');
    this.#release();
  }
}

/** An upstream of its own: waiting for a mirror never delays requests to a service. */
export function upstreamOf({ endpoint }: MirrorConfig): UpstreamConfig {
  return {
    endpoints: [endpoint],
    canary: null,
    balance: { kind: 'round-robin' },
    sticky: null,
    health: null,
    ejection: null,
    slowStartMs: null,
    limits: { connections: 16, waiting: UNDER_WAY_MAX, waitMs: 1_000 },
    breaker: null,
  };
}

/** One copy, from reading the original's body to the end of its answer, which is dropped. */
export class MirrorCopy implements AnswerSink, Timed {
  /** Replays the original's body. */
  readonly body: RequestBody | null;
  /** `null`: the answers are not compared. */
  readonly pair: AnswerPair | null;
  readonly #mirror: Mirror;
  readonly #upstream: Upstream;
  readonly #method: string;
  readonly #plan: RequestPlan;
  readonly #deadline: Deadline;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #informed = 0;
  #endpoint: Endpoint | null = null;
  #call: UpstreamCall | null = null;
  #sent = false;
  #answered = false;
  #over = false;

  constructor(
    mirror: Mirror,
    upstream: Upstream,
    method: string,
    plan: RequestPlan,
    pair: AnswerPair | null,
  ) {
    this.pair = pair;
    this.#mirror = mirror;
    this.#upstream = upstream;
    this.#method = method;
    this.#plan = plan;
    this.#deadline = plan.clock.deadline(this);
    this.body = plan.body && this.#copied(plan.body);
    if (plan.body === null) this.#sendSoon();
  }

  /** Whether its answer came to its end, or was too large to wait for that. */
  get isEnough(): boolean {
    return this.pair?.other.body.whole === true || this.#bytes > ANSWER_MAX_BYTES;
  }

  /** The original goes on first, and is done with its part of each call before the copy begins. */
  #copied(source: RequestBody): RequestBody {
    return {
      length: source.length,
      ...(source.expectsContinue === undefined ? {} : { expectsContinue: source.expectsContinue }),
      read: (sink) => source.read(this.#besides(sink)),
      pause: () => source.pause(),
      resume: () => source.resume(),
    };
  }

  #besides(sink: BodySink): BodySink {
    return {
      data: (chunk) => {
        // Bytes are borrowed: behind the call they may be others.
        this.#keep(chunk);
        sink.data(chunk);
      },
      end: (trailers) => {
        sink.end(trailers);
        this.#sendSoon();
      },
      fail: (cause) => {
        sink.fail(cause);
        this.giveUp(null);
      },
      held: (ms) => sink.held?.(ms),
    };
  }

  #keep(chunk: Buffer): void {
    if (this.#over) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#mirror.config.bodyMaxBytes) return this.giveUp('too_large');
    this.#chunks.push(Buffer.from(chunk));
  }

  #sendSoon(): void {
    if (this.#over || this.#sent) return;
    this.#sent = true;
    this.#deadline.arm(LASTS_MAX_MS);
    setImmediate(() => this.#send());
  }

  #send(): void {
    if (this.#over) return;
    try {
      const endpoint = this.#upstream.pick(this.#plan.choice, []);
      this.#endpoint = endpoint;
      this.#upstream.begun(endpoint);
      this.#call = endpoint.connections.send(
        {
          method: this.#method,
          target: this.#plan.sentTarget,
          fields: this.#fieldsFor(endpoint),
          body: this.body && wholeBody(this.#chunks.splice(0)),
        },
        this,
      );
      if (this.#over) this.#call.abort();
    } catch {
      this.giveUp('failed');
    }
  }

  /** As the service gets them, but that the body is whole by now. */
  #fieldsFor(endpoint: Endpoint): Fields {
    const fields = this.#plan.requestFields(endpoint);
    const out: string[] = [];
    for (let i = 0; i < fields.length; i += 2)
      if (!OF_THE_ORIGINAL.has(fields[i]!.toLowerCase())) out.push(fields[i]!, fields[i + 1]!);
    out.push(MIRROR_FIELD, '1');
    if (this.body !== null) out.push('Content-Length', String(this.#bytes));
    return out;
  }

  started(): void {}

  informational(): void {
    if (++this.#informed > INFORMATIONAL_MAX) this.giveUp('failed');
  }

  head(status: number, _reason: string, fields: Fields): void {
    this.#answered = true;
    this.#bytes = 0;
    this.pair?.other.begin(status, fields);
  }

  data(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.pair?.other.body.take(chunk);
    if (this.#bytes > ANSWER_MAX_BYTES) this.giveUp('answered');
  }

  end(): void {
    this.#call = null;
    if (this.pair !== null) this.pair.other.body.whole = true;
    this.giveUp('answered');
  }

  fail(): void {
    this.#call = null;
    this.giveUp(this.#answered ? 'answered' : 'failed');
  }

  timedOut(): void {
    this.giveUp(this.#answered ? 'answered' : 'failed');
  }

  /** The original has ended. Parts of its body that are still unread will not be read. */
  originalEnded(): void {
    if (!this.#sent) this.giveUp(null);
    if (this.pair !== null) this.#mirror.originalEnded(this.pair);
  }

  giveUp(result: MirrorResult | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.clear();
    this.#chunks.length = 0;
    this.#call?.abort();
    this.#call = null;
    if (this.#endpoint !== null) this.#upstream.ended(this.#endpoint);
    this.#mirror.ended(this, result);
  }
}

function wholeBody(chunks: readonly Buffer[]): RequestBody {
  const bytes = Buffer.concat(chunks);
  return {
    length: bytes.length,
    read(sink) {
      if (bytes.length > 0) sink.data(bytes);
      sink.end([]);
    },
    pause() {},
    resume() {},
  };
}

const MIRROR_FIELD = 'X-Portway-Mirror';
/** Fields about how the original's body arrives, and a client's own mark of a copy. The copy is framed by itself. */
const OF_THE_ORIGINAL: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'trailer',
  'expect',
  MIRROR_FIELD.toLowerCase(),
]);
/** Copies of one route at a time: with their bodies they are as much memory as the tables of limits. */
const UNDER_WAY_MAX = 64;
/** From its sending to the end of its answer. */
const LASTS_MAX_MS = 10_000;
/** So much of an answer is read and dropped, to reuse the connection; after more, the connection is closed. */
const ANSWER_MAX_BYTES = 1024 * 1024;
