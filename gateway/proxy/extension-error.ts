import { GatewayError } from '../exchange/error-catalog.ts';
import { STATUS_CODES } from '../exchange/node-http.ts';
import { ownFields, type SetFields } from './set-fields.ts';

/**
 * Classifies an extension's failure. @fastify/http-proxy's own errors wrap those of our forwarding; an error with a 4xx status is the
 * extension's way to refuse; anything else is a fault in its code.
 */
export function extensionError(cause: unknown): GatewayError | Refusal {
  // Causes of an extension's error may form a circle.
  for (
    let error = cause, depth = 0;
    error instanceof Error && depth < CAUSES_MAX;
    error = error.cause, depth++
  ) {
    if (error instanceof GatewayError) return error;
  }
  const status =
    typeof cause === 'object' && cause !== null && 'statusCode' in cause ? Number(cause.statusCode) : 500;
  if (cause instanceof Error && status >= 400 && status < 500) return { status, detail: cause.message };
  return extensionFault(cause);
}

/** The error for a fault in an extension's code. The stack names the file. */
export function extensionFault(cause: unknown): GatewayError {
  const what = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return new GatewayError('extension_failed', what, { cause });
}

const CAUSES_MAX = 8;

export interface Refusal {
  readonly status: number;
  readonly detail: string;
}

/** problem+json of an extension's refusal, with its own status, words and fields. */
export function refusalAnswer(
  { status, detail }: Refusal,
  requestId: string,
  set: SetFields,
): { fields: string[]; body: Buffer } {
  const title = STATUS_CODES[status] ?? 'Refused';
  const body = Buffer.from(`${JSON.stringify({ type: 'about:blank', title, status, detail, requestId })}\n`);
  const fields = [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
  ];
  return { fields: [...fields, ...ownFields(set), 'X-Request-Id', requestId], body };
}
