import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { startService } from '../testing/service.ts';

describe.each(laneKinds)(
  'answers without a body on $kind',
  ({ routes, files, comparable, throughFastify }) => {
    test.each([
      ['HEAD', '200 OK', ['Content-Length: 1234']],
      ['HEAD', '200 OK', ['Transfer-Encoding: chunked']],
      ['HEAD', '200 OK', []],
      ['HEAD', '404 Not Found', ['Content-Length: 9']],
      ['HEAD', '304 Not Modified', ['Content-Length: 9']],
      ['GET', '204 No Content', []],
      ['GET', '304 Not Modified', []],
      ['GET', '304 Not Modified', ['Content-Length: 1234', 'ETag: "x"']],
      ['GET', '304 Not Modified', ['Transfer-Encoding: chunked']],
      ['DELETE', '204 No Content', []],
      ['POST', '200 OK', ['Content-Length: 0']],
    ])(
      '%s answered %s with %j is complete at its head, on connections that live on',
      async (method, line, fields) => {
        const service = await startService();
        service.answer([`HTTP/1.1 ${line}`, ...fields, 'X-Seen: yes', '', ''].join('\r\n'));
        const gateway = await startTestGateway(routes('/db', service.port), { files });
        const client = await gateway.connect();
        for (let turn = 0; turn < 3; turn++) {
          const answer = await client.exchange(request(method, '/db/'));
          if (throughFastify) expect(answer.status).toBe(Number(line.slice(0, 3)));
          else expect(answer.head.startLine).toBe(`HTTP/1.1 ${line}`);
          expect(answer.head.value('x-seen')).toBe('yes');
          expect(answer.body).toHaveLength(0);
        }
        expect(client.unread().toString()).toBe('');
        expect((await gateway.log.exchange(Number(line.slice(0, 3)))).errorType ?? null).toBe(null);
      },
    );

    test.each([
      ['HEAD', '200 OK', 'Content-Length: 1234'],
      ['GET', '304 Not Modified', 'Content-Length: 1234'],
      ['GET', '304 Not Modified', 'ETag: "x"'],
    ])('%s answered %s keeps %s', async (method, line, field) => {
      const { service, gateway } = await startRoute({ routes, files }, '/db');
      service.answer(`HTTP/1.1 ${line}\r\n${field}\r\n\r\n`);
      const client = await gateway.connect();
      const { lines } = (await client.exchange(request(method, '/db/'))).head;
      expect(comparable(lines)).toEqual(expect.arrayContaining(comparable([field])));
    });

    test('an upload answered 204 leaves the connection in order', async () => {
      const { service, gateway } = await startRoute({ routes, files }, '/db');
      service.answer('HTTP/1.1 204 No Content\r\n\r\n');
      const client = await gateway.connect();
      expect((await client.exchange(request('PUT', '/db/x', [], 'body'))).status).toBe(204);
      expect((await client.exchange(get('/db/x'))).status).toBe(204);
    });
  },
);
