import { expect, test } from 'vitest';
import { CATALOG, type ErrorCode, GatewayError } from '../exchange/error-catalog.ts';
import { grpcStatusOf, isGrpc } from './grpc-answer.ts';

test.each<[ErrorCode, number]>([
  ['bad_request', 3],
  ['no_route', 12],
  ['body_too_large', 8],
  ['connection_refused', 14],
  ['no_endpoint', 14],
  ['stream_refused', 14],
  ['response_timeout', 4],
  ['internal', 13],
])('%s is the gRPC status %d', (code, status) => {
  expect(grpcStatusOf(new GatewayError(code, ''))).toBe(status);
});

test('every error has one, and none of them is OK', () => {
  for (const code of Object.keys(CATALOG) as ErrorCode[])
    expect(grpcStatusOf(new GatewayError(code, ''))).toBeGreaterThan(0);
});

test.each([
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['application/grpc-web', false],
  ['application/json', false],
  [undefined, false],
])('%s is gRPC: %s', (type, expected) => expect(isGrpc(type)).toBe(expected));
