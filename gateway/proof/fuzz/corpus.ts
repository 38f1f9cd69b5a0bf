import fc from 'fast-check';

/** Valid traffic, to be made invalid. Latin-1 text; `/a` and `/b` are the prefixes of two services. */

const host = 'Host: gateway.test\r\n';

const requests: readonly string[] = [
  `GET /a/x?y=1 HTTP/1.1\r\n${host}Accept: */*\r\nX-A: 1\r\n\r\n`,
  `GET /a/%7Eu/b%2Fc//d HTTP/1.1\r\n${host}Connection: keep-alive\r\n\r\n`,
  `HEAD /a/x HTTP/1.1\r\n${host}\r\n`,
  `DELETE /b/x HTTP/1.1\r\n${host}Cookie: a=b; c=d\r\nX-Forwarded-For: 10.9.9.9\r\n\r\n`,
  `POST /a/form HTTP/1.1\r\n${host}Content-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello=world`,
  `POST /a/form HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n=world\r\n0\r\n\r\n`,
  `PUT /b/t HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n`,
  // Bodies that look like requests to a reader with a wrong length.
  `POST /a/p HTTP/1.1\r\n${host}Content-Length: 47\r\n\r\nGET /b/inner HTTP/1.1\r\nHost: gateway.test\r\n\r\n\r\n`,
  `POST /a/p HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n2d\r\nGET /b/inner HTTP/1.1\r\nHost: gateway.test\r\n\r\n\r\n0\r\n\r\n`,
  `GET http://gateway.test/a/abs HTTP/1.1\r\n${host}\r\n`,
  `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
  `GET /a/old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
  `POST /a/e HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbody`,
  `GET /a/hop HTTP/1.1\r\n${host}Connection: X-Hop, close\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: timeout=5\r\n\r\n`,
  `GET /a/ws HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
];

const answers: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n',
  'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end',
  'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold',
  'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 5\r\n\r\n',
  'HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 500 Oops\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\noops',
  // A body that looks like an answer to a reader with a wrong length.
  'HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison\r\n',
];

/** One to three requests, one behind the other. */
export const validRequests = fc
  .array(fc.constantFrom(...requests), { minLength: 1, maxLength: 3 })
  .map((list) => list.join(''));

export const validAnswer = fc.constantFrom(...answers);
