import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

// Printable, without quotes, spaces or control characters, so that an id can stand in a log and a header as it is.
const acceptable = /^[\w.:/+=@-]{1,128}$/;

/**
 * The id under which this request stands in the logs: the gateway's `X-Request-Id`, or a new one. It is written
 * back into the request's headers, so that later readers get the same.
 */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && acceptable.test(given)) return given;
  const made = randomUUID();
  request.headers['x-request-id'] = made;
  return made;
}
