/** Single exchanges: shapes shared by the admin API and its readers. Secrets are masked in all of them. */

/** One finished exchange in a list. Instants are milliseconds since the epoch. */
export interface ExchangeSummary {
  readonly id: string;
  readonly requestId: string;
  /** When its head had arrived, and when it was over. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly method: string;
  readonly target: string;
  /** The authority that it asked for; `null`: its fields were not kept. */
  readonly host: string | null;
  readonly protocol: string;
  readonly client: string;
  readonly user: string | null;
  readonly route: string | null;
  readonly endpoint: string | null;
  /** 0: there was none, as for a raw stream. */
  readonly status: number;
  /** The row of docs/errors.md; `null`: nothing failed. */
  readonly code: string | null;
  readonly cause: string | null;
  readonly policy: string | null;
  readonly cache: 'hit' | 'miss' | null;
  readonly attempts: number;
  /** Until the head of the answer, and until the end. */
  readonly headMs: number | null;
  readonly totalMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly tunnel: boolean;
  readonly fallback: boolean;
  readonly lane: string;
  /** Whether its fields and attempts were kept, too. */
  readonly detailed: boolean;
}

/** Milliseconds since the exchange began; `null`: that never came. */
export interface AttemptView {
  readonly endpoint: string;
  readonly startMs: number;
  /** From here on the request was written; before it: the wait for a connection, and connecting. */
  readonly sentMs: number | null;
  readonly reused: boolean;
  readonly headMs: number | null;
  readonly failedMs: number | null;
  readonly status: number;
  readonly code: string | null;
}

export interface MessageView {
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  /** Absent: not asked for; `null`: not kept. */
  readonly body?: BodyView | null;
}

/** One exchange with all that is known of it. */
export interface ExchangeView extends ExchangeSummary {
  readonly errorType: string | null;
  readonly escaped: string | null;
  /** `null`: not kept. */
  readonly request: MessageView | null;
  readonly answer: MessageView | null;
  /** The tries of `attempts`, as far as they were kept. */
  readonly tries: readonly AttemptView[];
  /** The explanation of `portway explain` for such a request under the current configuration. */
  readonly why: string;
}

/** A filter of exchanges; absent properties exclude nothing. */
export interface ExchangeQuery {
  readonly route?: string;
  /** `404`, `5xx`, or `failed`: the gateway or the service failed. */
  readonly status?: string;
  /** Over since then, in milliseconds since the epoch. */
  readonly since?: number;
  readonly user?: string;
  readonly method?: string;
  /** Anywhere in the shown exchange, in any case. */
  readonly text?: string;
  readonly limit: number;
  /** For continued reading: the newest exchange that each process has reported, keyed by the part of its ids before the dash. */
  readonly after?: Readonly<Record<string, number>>;
}

export interface ExchangeList {
  /** The newest first. */
  readonly exchanges: readonly ExchangeSummary[];
  /** How many others are meant, beyond the limit. */
  readonly more: number;
  /** The newest that each process has, as `after` takes it. */
  readonly newest: Readonly<Record<string, number>>;
  /** Kept and pushed out by newer ones, since the start. */
  readonly dropped: number;
  /** Not kept because there were too many, since the start. */
  readonly sampled: number;
}

/** A captured body as it may be shown. */
export interface BodyView {
  /** Of the whole body as it went by, codings and all. */
  readonly bytes: number;
  /** Whether only its beginning was kept. */
  readonly truncated: boolean;
  readonly type: string | null;
  readonly coding: string | null;
  /** `unreadable`: an unknown or broken coding, too large when decoded, or not in its declared charset. */
  readonly kind: 'json' | 'form' | 'multipart' | 'text' | 'image' | 'binary' | 'unreadable';
  readonly text: string | null;
  /** Of an image. */
  readonly base64: string | null;
  /** Of a multipart body, in place of its text: a line for each part. */
  readonly parts?: string;
}

/** An answer, as much of it as is shown. */
export interface ShownAnswer {
  readonly status: number;
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  /** `null`: it was not kept. */
  readonly body: BodyView | null;
}

/** Changes to a kept request that is sent again. */
export interface ReplayEdits {
  readonly method?: string;
  readonly target?: string;
  /** In place of all. A value that is masked stands for the one that was kept. */
  readonly fields?: ReadonlyArray<readonly [name: string, value: string]>;
  readonly body?: string;
  /** Required for unsafe methods (RFC 9110 §9.2.1). */
  readonly confirm?: boolean;
}

export interface ReplayResult {
  readonly sent: { readonly method: string; readonly target: string; readonly fields: ShownAnswer['fields'] };
  /** `null`: the answer of then was not kept. */
  readonly before: ShownAnswer | null;
  readonly after: ShownAnswer & { readonly totalMs: number };
  readonly difference: AnswerDifference | null;
}

export interface AnswerDifference {
  readonly status: { readonly before: number; readonly after: number } | null;
  /** `null`: it was, or is, not there. Fields that differ with every answer are left out. */
  readonly fields: ReadonlyArray<{
    readonly name: string;
    readonly before: string | null;
    readonly after: string | null;
  }>;
  /** `same: null`: unknown. */
  readonly body: {
    readonly kind: 'json' | 'text' | 'unknown';
    readonly same: boolean | null;
    readonly changes: readonly BodyChange[];
  };
}

/** A filter of messages; absent properties exclude nothing. */
export interface MessageQuery {
  readonly route?: string;
  /** Of this tunnel, or stream: its request id. */
  readonly request?: string;
  /** Anywhere in the shown message, in any case. */
  readonly text?: string;
  readonly limit: number;
  /** For readers that go on, as of an `ExchangeQuery`. */
  readonly after?: Readonly<Record<string, number>>;
}

/** A message of a WebSocket, or an event of a stream, as it went by. */
export interface MessageSummary {
  readonly id: string;
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** Of the request that opened it. */
  readonly requestId: string;
  readonly route: string | null;
  readonly target: string;
  readonly towards: 'service' | 'client';
  /** `undecodable`: `text` says why, and what happens to later messages. */
  readonly kind: 'text' | 'binary' | 'close' | 'ping' | 'pong' | 'event' | 'undecodable';
  /** Of the whole, inflated. */
  readonly bytes: number;
  /** Whether only its beginning was kept. */
  readonly truncated: boolean;
  /** The name of an event; `null`: it has none. */
  readonly event: string | null;
  /** Of a close frame its code and reason. */
  readonly text: string;
  /** The first bytes of a message that is not text. */
  readonly hex: string | null;
}

export interface MessageList extends Omit<ExchangeList, 'exchanges'> {
  /** The newest first. */
  readonly messages: readonly MessageSummary[];
  /** Tunnels that are open and not looked into: most of them opened before somebody asked. */
  readonly unread: number;
}

/** Which answers of a compared service are meant. */
export interface ComparedQuery {
  readonly route: string | null;
  readonly limit: number;
}

/** Two answers to one request that differ: `before` is the service's, `after` that of the one beside it. */
export interface ComparedAnswers {
  readonly route: string;
  /** When it was sent, in milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  /** As both services got it. */
  readonly target: string;
  readonly difference: AnswerDifference;
}

export interface ComparedList {
  readonly routes: ReadonlyArray<{
    readonly route: string;
    readonly same: number;
    readonly different: number;
    /** One of both did not answer. */
    readonly failed: number;
    /** Too many at once, or an answer without an end. */
    readonly skipped: number;
    /** Differences that newer ones pushed out. */
    readonly dropped: number;
  }>;
  /** The newest first. */
  readonly differences: readonly ComparedAnswers[];
}

/** A place in JSON that differs; an absent property means that the value is absent there. */
export interface BodyChange {
  /** JSON pointer (RFC 6901). */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Until when the bodies of which exchanges are kept. */
export interface Capture {
  /** `null`: of all routes. */
  readonly route: string | null;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** A kept request as it came, for a replay: with its secrets, between processes of one gateway alone. */
export interface KeptRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly string[];
  /** Base64; `null`: it had none. */
  readonly body: string | null;
  /** Whether it had one that was not kept, or not whole. */
  readonly bodyLost: boolean;
  readonly answer: ShownAnswer | null;
}
