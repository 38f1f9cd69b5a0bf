/** Conditions of a route beyond host and path: method, headers, cookies, query. */
import type { FieldCondition, RouteMatcher } from '../model/config.ts';
import { cookieValues } from './cookie.ts';

/** One request as the conditions see it. The query is read when a route asks for it first, and then once. */
export class ConditionCheck {
  readonly #request: ConditionedRequest;
  #fields: ReadonlyMap<string, readonly string[]> | null = null;

  constructor(request: ConditionedRequest) {
    this.#request = request;
  }

  holds(matcher: RouteMatcher): boolean {
    return (
      this.methodHolds(matcher) &&
      matcher.headers.every((condition) => this.headerHolds(condition)) &&
      matcher.cookies.every((condition) => this.cookieHolds(condition)) &&
      matcher.query.every((condition) => this.queryHolds(condition))
    );
  }

  /** Method tokens are case-sensitive (RFC 9110 §9.1). */
  methodHolds(matcher: RouteMatcher): boolean {
    return matcher.methods === null || matcher.methods.includes(this.#request.method);
  }

  headerHolds({ name, value }: FieldCondition): boolean {
    const found = this.headerValue(name);
    return value === null ? found !== undefined : found === value;
  }

  cookieHolds({ name, value }: FieldCondition): boolean {
    return isAmong(this.cookieValues(name), value);
  }

  queryHolds({ name, value }: FieldCondition): boolean {
    return isAmong(this.queryValues(name), value);
  }

  headerValue(name: string): string | undefined {
    return this.#request.header(name);
  }

  cookieValues(name: string): readonly string[] {
    const cookies = this.#request.header('cookie');
    return cookies === undefined ? [] : cookieValues(cookies, name);
  }

  queryValues(name: string): readonly string[] {
    this.#fields ??= queryFields(this.#request.target.query);
    return this.#fields.get(name) ?? [];
  }
}

/** One of several values under the name is enough. @param wanted `null`: any */
function isAmong(found: readonly string[], wanted: string | null): boolean {
  return wanted === null ? found.length > 0 : found.includes(wanted);
}

export interface ConditionedRequest {
  readonly method: string;
  /** By lower-case name; repeated fields joined by `, `. */
  header(name: string): string | undefined;
  readonly target: { readonly query: string };
}

/** Whether the host and path alone decide. */
export function isUnconditional({ methods, headers, cookies, query }: RouteMatcher): boolean {
  return methods === null && headers.length === 0 && cookies.length === 0 && query.length === 0;
}

/**
 * Parses a query for conditions only; the service gets it as sent.
 *
 * Parameters are read as forms write them (WHATWG URL, application/x-www-form-urlencoded): separated by `&`, `+` for a space,
 * percent-decoded. Malformed escapes and invalid UTF-8 stay as they are, so that every query can be read.
 */
function queryFields(query: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (const field of query.slice(1).split('&')) {
    if (field === '') continue;
    const equals = field.indexOf('=');
    const name = decode(equals === -1 ? field : field.slice(0, equals));
    const value = equals === -1 ? '' : decode(field.slice(equals + 1));
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
