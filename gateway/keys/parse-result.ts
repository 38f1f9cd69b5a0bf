/** The result of parsing one value. The caller knows which value, and where. */

export type ParseResult<T> = { readonly ok: true; readonly value: T } | Refused;

export interface Refused {
  readonly ok: false;
  /** More exact than the schema's own expectation, where possible. */
  readonly expected?: string;
  /** More exact than the value as written, where it can be. */
  readonly found?: string;
  readonly hint?: string;
}

export function accepted<T>(value: T): ParseResult<T> {
  return { ok: true, value };
}

export function refused(hint?: string, expected?: string, found?: string): Refused {
  return {
    ok: false,
    ...(hint !== undefined && { hint }),
    ...(expected !== undefined && { expected }),
    ...(found !== undefined && { found }),
  };
}
