import { http } from '../exchange/node-http.ts';

/** Fields of an answer, as Fastify has them. */
export type SetFields = Readonly<Record<string, number | string | string[] | undefined>>;

/** What an extension has set of a head that is not its own: `WWW-Authenticate`, `Retry-After` and their like, without what is about the body, or the connection. */
export function ownFields(set: SetFields): string[] {
  return fieldsOf(set, (name) => isOfAnswer(name) || isOfConnection(name));
}

/** As they stand on the wire. @param except takes names in lower case. */
export function fieldsOf(set: SetFields, except: (name: string) => boolean): string[] {
  const fields: string[] = [];
  for (const [name, values] of Object.entries(set)) {
    if (except(name.toLowerCase())) continue;
    for (const value of [values ?? []].flat()) if (isField(name, value)) fields.push(name, String(value));
  }
  return fields;
}

/** What can't be sent must not take the place of what can. */
function isField(name: string, value: string | number): boolean {
  try {
    http.validateHeaderName(name);
    http.validateHeaderValue(name, String(value));
    return true;
  } catch {
    return false;
  }
}

/** How messages are framed, and what becomes of their connection: the gateway's own business. @param name in lower case */
export function isOfConnection(name: string): boolean {
  return CONNECTION.has(name) || name.startsWith('sec-websocket-');
}

const CONNECTION: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  'content-length',
]);

/** What a body is, or whose answer. @param name in lower case */
export function isOfAnswer(name: string): boolean {
  return ANSWER.has(name);
}

const ANSWER: ReadonlySet<string> = new Set([
  ...['content-type', 'content-encoding', 'cache-control', 'etag', 'last-modified', 'x-request-id'],
]);
