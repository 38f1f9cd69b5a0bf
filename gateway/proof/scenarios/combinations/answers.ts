import { gzipSync } from 'node:zlib';
import { chunk, type ReceivedRequest, reply, type ServiceConnection } from '../../testing/service.ts';

const HTML = `<!doctype html><html><head><title>t</title></head><body>${'<p>lorem ipsum</p>'.repeat(90)}</body></html>`;
const TEXT = 'Content-Type: text/plain';
const DOCUMENT = 'Content-Type: text/html; charset=utf-8';
const FRESH = 'Cache-Control: public, max-age=60';

type Answer = (served: string, request: ReceivedRequest, connection: ServiceConnection) => Buffer | string;

const whole =
  (status: number, fields: readonly string[], body: string | Buffer = ''): Answer =>
  (served) =>
    reply(status, [served, ...fields], body);

/** By condition or range, if the request has one. */
const document =
  (...fields: readonly string[]): Answer =>
  (served, { head }) => {
    const own = [served, DOCUMENT, 'ETag: "e1"', ...fields];
    if (head.values('if-none-match').some((value) => value.includes('"e1"')))
      return `HTTP/1.1 304 Not Modified\r\n${own.join('\r\n')}\r\n\r\n`;
    if (head.method === 'GET' && head.value('range') === 'bytes=0-3')
      return reply(206, [...own, `Content-Range: bytes 0-3/${HTML.length}`], HTML.slice(0, 4));
    return reply(200, own, HTML);
  };

const inChunks =
  (...fields: readonly string[]): Answer =>
  (served) => {
    const head = ['HTTP/1.1 200 OK', served, ...fields, 'Transfer-Encoding: chunked', 'Trailer: X-T'];
    return `${head.join('\r\n')}\r\n\r\n${chunk('lorem '.repeat(300))}${chunk('ipsum')}0\r\nX-T: end\r\n\r\n`;
  };

/** Ends the connection behind these bytes. */
const last =
  (text: (served: string) => string): Answer =>
  (served, _request, connection) => {
    void connection.send(text(served)).then(() => connection.fin());
    return '';
  };

/** What the service answers, by the last segment of the path. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  small: whole(200, [TEXT], 'small'),
  document: document(),
  fresh: document(FRESH),
  validated: document('Cache-Control: no-cache'),
  chunks: inChunks(TEXT),
  freshChunks: inChunks(TEXT, FRESH),
  freshVary: whole(200, [TEXT, FRESH, 'Vary: Accept-Encoding'], 'v'.repeat(2_000)),
  coded: whole(200, [TEXT, 'Content-Encoding: gzip', 'Vary: Accept-Encoding'], gzipSync(HTML)),
  private: whole(200, [DOCUMENT, 'Cache-Control: private, no-transform'], HTML),
  cookies: whole(200, [TEXT, 'Set-Cookie: s=1; Path=/', 'Set-Cookie: t=2'], 'cookies'),
  elsewhere: whole(302, [TEXT, 'Location: /small'], 'there'),
  missing: whole(404, [DOCUMENT, FRESH], '<html><head></head>not here</html>'),
  broken: whole(500, [TEXT], 'broken'),
  busy: whole(503, ['Retry-After: 7']),
  early: (served) =>
    `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${reply(200, [served, TEXT], 'hinted')}`,
  open: last((served) => `HTTP/1.1 200 OK\r\n${served}\r\n${TEXT}\r\n\r\n${'to the end '.repeat(200)}`),
  cut: last((served) => `HTTP/1.1 200 OK\r\n${served}\r\n${DOCUMENT}\r\nContent-Length: 5000\r\n\r\nbegun`),
  garbage: last(() => 'garbage\r\n\r\n'),
  twoLengths: last(() => 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'),
  nothing: last(() => ''),
};

/** Says which route asked. */
export function answerTo(request: ReceivedRequest, connection: ServiceConnection): Buffer | string {
  const name = /([a-zA-Z]+)$/.exec(request.target)?.[1] ?? '';
  const served = `X-Served: ${request.head.value('x-forwarded-prefix')}`;
  const bytes = ANSWERS[name]!(served, request, connection);
  return request.method === 'HEAD' ? headOf(bytes) : bytes;
}

function headOf(answer: Buffer | string): Buffer {
  const bytes = Buffer.from(answer);
  const start = bytes.indexOf('HTTP/1.1 103') === 0 ? bytes.indexOf('\r\n\r\n') + 4 : 0;
  const end = bytes.indexOf('\r\n\r\n', start);
  return end === -1 ? bytes : bytes.subarray(0, end + 4);
}
