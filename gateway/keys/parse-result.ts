/** What a parser of one value says. Which value was found, and where, its caller knows. */

export type ParseResult<T> = { readonly ok: true; readonly value: T } | Refused;

export interface Refused {
  readonly ok: false;
  /** More exact than what the schema says of the key, where it can be. */
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
