/**
 * Every error that a client can be answered with, or that a log line can name: one table, from which the answers,
 * the `Proxy-Status` field and `docs/errors.md` are made.
 */

import type { Fields } from './contract.ts';
import { type ErrorRow, rows } from './error-rows.ts';

export type ErrorCode = keyof typeof rows;

export const CATALOG: Readonly<Record<ErrorCode, ErrorRow>> = rows;

export interface ErrorDetails {
  readonly cause?: unknown;
  readonly retryAfter?: number;
  readonly fields?: Fields;
}

/** An error of the catalogue; `message` is for operators, and never reaches a client. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  /** Seconds for `Retry-After`, where this one knows better than its row. */
  readonly #retryAfter: number | undefined;
  /** Fields of this answer beyond its row's, such as `Allow`. */
  readonly fields: Fields;

  constructor(code: ErrorCode, message: string, options?: ErrorDetails) {
    super(message, options);
    this.name = 'GatewayError';
    this.code = code;
    this.#retryAfter = options?.retryAfter;
    this.fields = options?.fields ?? [];
  }

  get retryAfter(): number | undefined {
    return this.#retryAfter ?? this.row.retryAfter;
  }

  get row(): ErrorRow {
    return CATALOG[this.code];
  }
}
