/** The gateway's own errors as a gRPC client understands them: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */

import { CATALOG, type GatewayError } from '../exchange/error-catalog.ts';
import type { ErrorAnswer } from './error-answer.ts';

const UNKNOWN = 2;

/** By the HTTP status that others are answered with. */
const BY_STATUS: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 12,
  405: 12,
  408: 4,
  413: 8,
  414: 8,
  429: 8,
  431: 8,
  499: 1,
  500: 13,
  501: 12,
  502: 14,
  503: 14,
  504: 4,
  508: 13,
};

export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:[+;]|$)/i.test(contentType);
}

export function grpcStatusOf({ row }: GatewayError): number {
  return BY_STATUS[row.status] ?? UNKNOWN;
}

/** A trailers-only answer: its head is all of it, and its HTTP status is 200 (gRPC over HTTP/2). */
export function grpcAnswer(error: GatewayError, requestId: string): ErrorAnswer {
  const { type } = error.row;
  const message = `${CATALOG[error.code].title} (${error.code})`;
  const fields = ['Content-Type', 'application/grpc', 'Grpc-Status', String(grpcStatusOf(error))];
  // Percent-encoded where it is not printable ASCII; our titles are, but for quotation marks.
  fields.push('Grpc-Message', encodeURI(message).replaceAll('%20', ' '));
  fields.push('Proxy-Status', `portway; error=${type}`, 'X-Request-Id', requestId);
  return { status: 200, fields, body: Buffer.alloc(0) };
}
