import { get } from '../../testing/http-client.ts';

/** A row of the table about services: what one does, and what the client must see of it. */
export interface HostileAnswer {
  readonly name: string;
  /** What the client asks; default GET. */
  readonly asked?: string;
  /** What the service sends when it has the whole request, as latin-1; several: each in a write of its own. */
  readonly parts: readonly string[];
  readonly ends?: 'fin' | 'reset';
  /** Milliseconds between the parts. */
  readonly pauseMs?: number;
  /** The client has the head before another part is sent. */
  readonly begun?: true;
  /** It does not wait for the body of the request. */
  readonly early?: true;
  /** What the client sees: `200 body`, `103`, `502 bad_answer`; `truncated` where an answer begins and never becomes whole. */
  readonly seen: readonly string[];
  /** What becomes of the service's connection; of the client's one sees it by whether the answer is whole. */
  readonly connection: 'kept' | 'thrown away';
}

export const ask = get('/db/');

/** No part of it reaches the client as an answer of the service. */
export function bad(name: string, bytes: string, code = 'bad_answer'): HostileAnswer {
  return { name, parts: [bytes], seen: [`502 ${code}`], connection: 'thrown away' };
}

/** The head is right, so the client may have it; the rest shows that the answer is not whole. */
export function cut(name: string, ...parts: string[]): HostileAnswer {
  return { name, parts, begun: true, seen: ['truncated'], connection: 'thrown away' };
}

/** Odd and right. */
export function good(name: string, bytes: string | readonly string[], ...seen: string[]): HostileAnswer {
  return { name, parts: typeof bytes === 'string' ? [bytes] : bytes, seen, connection: 'kept' };
}

/** Whole, but what stands behind it or the way in which it ended spoils its connection. */
export function spoiling(name: string, bytes: string | readonly string[], ...seen: string[]): HostileAnswer {
  return { ...good(name, bytes, ...seen), connection: 'thrown away' };
}

/** `HTTP/1.1 200 OK` with these fields and this body. */
export function okWith(fields: readonly string[], body = ''): string {
  return `${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n${body}`;
}
