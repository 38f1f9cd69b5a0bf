import type { CapturedBody } from './captured-body.ts';
import type { ClientExchange } from './client-exchange.ts';
import type { Fields } from './contract.ts';
import type { ErrorCode } from './error-catalog.ts';
import type { MessageSink } from './messages.ts';

/** One endpoint that was tried. Instants are `performance.now()` milliseconds; `null`: that never came. */
export interface AttemptDetail {
  /** Key of the endpoint. */
  readonly endpoint: string;
  readonly startedAt: number;
  /** When a connection stood and the request was being written. Before it: the wait for a connection, and connecting. */
  sentAt: number | null;
  /** Whether that connection had carried another exchange before. */
  reused: boolean;
  /** When the head of its answer was there. */
  headAt: number | null;
  /** When it failed before it answered. */
  failedAt: number | null;
  /** 0: there was no answer. */
  status: number;
  error: ErrorCode | null;
  /** The span of a traced exchange, once it was sent to the service. */
  spanId: string | null;
}

/** The client of an exchange: it holds both heads until the exchange is over, so the inspection copies neither. */
export type SeenClient = Pick<ClientExchange, 'fields'> & Partial<Pick<ClientExchange, 'answerFields'>>;

/** Details of an exchange beyond its record, for the inspection. Most exchanges have none. */
export class ExchangeDetail {
  /** Replaced when the exchange moves to another lane. */
  client: SeenClient;
  #answerFields: Fields | null = null;
  readonly attempts: AttemptDetail[] = [];
  /** `null`: there was none, or bodies were not asked for. */
  requestBody: CapturedBody | null = null;
  answerBody: CapturedBody | null = null;
  /** Receives messages of an upgraded connection or an event stream; `null`: its route is not inspected. */
  messages: MessageSink | null = null;

  constructor(client: SeenClient) {
    this.client = client;
  }

  /** Fields of the request, as the client sent them. */
  get requestFields(): Fields {
    return this.client.fields;
  }

  /** Fields of the final answer, as the client got them; `null`: it got none. */
  get answerFields(): Fields | null {
    return this.#answerFields ?? this.client.answerFields ?? null;
  }

  /** For answers that are written to a bare socket, whose client does not know them. */
  set answerFields(fields: Fields) {
    this.#answerFields = fields;
  }

  /** Releases the connection of the client, for records that outlive the exchange. */
  releaseClient(): void {
    this.client = NOBODY;
  }

  attemptBegan(endpoint: string, now: number): void {
    // Retries are bounded by the configuration; their record is bounded here.
    if (this.attempts.length >= ATTEMPTS_MAX) return;
    this.attempts.push({
      endpoint,
      startedAt: now,
      sentAt: null,
      reused: false,
      headAt: null,
      failedAt: null,
      status: 0,
      error: null,
      spanId: null,
    });
  }

  attemptSent(reused: boolean): void {
    const attempt = this.attempts.at(-1);
    if (attempt === undefined) return;
    attempt.sentAt = performance.now();
    attempt.reused = reused;
  }

  attemptAnswered(status: number, now: number): void {
    const attempt = this.attempts.at(-1);
    if (attempt === undefined || attempt.headAt !== null) return;
    attempt.headAt = now;
    attempt.status = status;
  }

  attemptFailed(error: ErrorCode, now: number): void {
    const attempt = this.attempts.at(-1);
    if (attempt === undefined || attempt.failedAt !== null) return;
    attempt.failedAt = now;
    attempt.error = error;
  }
}

const ATTEMPTS_MAX = 32;
const NOBODY: SeenClient = { fields: [] };
