import type { CapturedBody } from './captured-body.ts';
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

/** Details of an exchange beyond its record, for the inspection. Most exchanges have none. */
export class ExchangeDetail {
  /** As the client sent them. */
  readonly requestFields: Fields;
  /** As the client got them. */
  answerFields: Fields | null = null;
  readonly attempts: AttemptDetail[] = [];
  /** `null`: there was none, or bodies were not asked for. */
  requestBody: CapturedBody | null = null;
  answerBody: CapturedBody | null = null;
  /** Receives messages of an upgraded connection or an event stream; `null`: its route is not inspected. */
  messages: MessageSink | null = null;

  constructor(requestFields: Fields) {
    this.requestFields = requestFields;
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
