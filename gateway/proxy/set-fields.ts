import { http } from '../exchange/node-http.ts';

/** Fields of an answer, as Fastify has them. */
export type SetFields = Readonly<Record<string, number | string | string[] | undefined>>;

/**
 * Fields that an extension has set for an answer of the gateway's own, such as `WWW-Authenticate` and `Retry-After`, without those of body
 * and connection.
 */
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

/** An invalid field must not prevent the answer. */
function isField(name: string, value: string | number): boolean {
  try {
    http.validateHeaderName(name);
    http.validateHeaderValue(name, String(value));
    return true;
  } catch {
    return false;
  }
}

/** Fields of framing and connection, which are the gateway's own business. @param name in lower case */
export function isOfConnection(name: string): boolean {
  return CONNECTION.has(name) || name.startsWith('sec-websocket-');
}

const CONNECTION: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  'content-length',
]);

/** Fields that describe the body, or its origin. @param name in lower case */
export function isOfAnswer(name: string): boolean {
  return ANSWER.has(name);
}

const ANSWER: ReadonlySet<string> = new Set([
  ...['content-type', 'content-encoding', 'cache-control', 'etag', 'last-modified', 'x-request-id'],
]);
