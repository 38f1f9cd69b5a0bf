import http2, { type ClientHttp2Session } from 'node:http2';
import { expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2 } from '../testing/h2-client.ts';
import { startH2Service } from '../testing/h2-service.ts';

interface Head {
  readonly headers: http2.IncomingHttpHeaders;
  readonly isLast: boolean;
}

/** Calls a method, and waits for the first head of its answer. */
async function call(session: ClientHttp2Session, path: string): Promise<Head> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    ':authority': 'shop.test',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(Buffer.from('0000000000', 'hex'));
  const head = Promise.withResolvers<Head>();
  stream.on('error', head.reject).on('response', (headers, flags) => {
    head.resolve({ headers, isLast: (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0 });
    stream.resume();
  });
  return head.promise;
}

test('an answer of trailers alone stays one', async () => {
  const service = await startH2Service((stream) => {
    stream.resume();
    const head = { 'content-type': 'application/grpc', 'grpc-status': '5', 'grpc-message': 'none' };
    stream.respond(head, { endStream: true });
  });
  const gateway = await startTestGateway(`routes: { /shop.Cart: "h2c://127.0.0.1:${service.port}" }\n`);
  const { headers, isLast } = await call(await connectH2(gateway.port, 'http'), '/shop.Cart/Get');
  expect([headers[':status'], headers['grpc-status'], isLast]).toEqual([200, '5', true]);
});

test.each([
  ['/shop.Cart/Get', '14', 'connection_refused'],
  ['/shop.General/Get', '14', 'connection_refused'],
  ['/elsewhere/Get', '12', 'no_route'],
])('an error of ours at %s is the gRPC status %s', async (path, status, code) => {
  const yaml =
    'routes: { /shop.Cart: "h2c://127.0.0.1:1", /shop.General: { to: "h2c://127.0.0.1:1", lane: general } }\n';
  const gateway = await startTestGateway(yaml);
  const { headers, isLast } = await call(await connectH2(gateway.port, 'http'), path);
  expect([headers[':status'], headers['grpc-status'], isLast]).toEqual([200, status, true]);
  expect(headers['grpc-message']).toContain(code);
  expect(await gateway.log.find('line', (line) => line.code === code)).toMatchObject({ protocol: 'HTTP/2' });
});
