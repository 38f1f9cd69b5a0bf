/** What a route asks for beyond host and path: method, headers, query. */
import type { FieldCondition, RouteMatcher } from '../model/config.ts';
import { queryFields } from './query.ts';

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

  /** One of several values under the name is enough. */
  queryHolds({ name, value }: FieldCondition): boolean {
    const found = this.queryValues(name);
    return value === null ? found.length > 0 : found.includes(value);
  }

  headerValue(name: string): string | undefined {
    return this.#request.header(name);
  }

  queryValues(name: string): readonly string[] {
    this.#fields ??= queryFields(this.#request.target.query);
    return this.#fields.get(name) ?? [];
  }
}

export interface ConditionedRequest {
  readonly method: string;
  /** By lower-case name; repeated fields joined by `, `. */
  header(name: string): string | undefined;
  readonly target: { readonly query: string };
}

/** Whether the host and path alone decide. */
export function isUnconditional(matcher: RouteMatcher): boolean {
  return matcher.methods === null && matcher.headers.length === 0 && matcher.query.length === 0;
}
