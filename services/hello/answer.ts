import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * The notes' first server, answer for answer. It compares the whole target, so `/?x=1` is "anything else"; and
 * "anything else" includes `/healthz`, whose 200 says what a health check wants to know.
 */
export function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/') {
    response.end('Welcome to the home page');
  } else if (request.url === '/getSecretData') {
    response.end('Your secret data is here');
  } else {
    response.end('Hello World');
  }
}
