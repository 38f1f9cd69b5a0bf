import { describe, expect, test } from 'vitest';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';

describe.each(laneKinds)(
  'answers without a body on $kind',
  ({ routes, files, comparable, throughFastify }) => {
    test('are complete at their head, on connections that live on', async () => {
      const { service, gateway } = await startRoute({ routes, files }, '/db');
      let told = '';
      service.answer(() => told);
      const client = await gateway.connect();
      for (const [method, line, ...fields] of [
        ['HEAD', '200 OK', 'Content-Length: 1234'],
        ['HEAD', '200 OK', 'Transfer-Encoding: chunked'],
        ['HEAD', '200 OK'],
        ['HEAD', '404 Not Found', 'Content-Length: 9'],
        ['HEAD', '304 Not Modified', 'Content-Length: 9'],
        ['GET', '204 No Content'],
        ['GET', '304 Not Modified'],
        ['GET', '304 Not Modified', 'Content-Length: 1234', 'ETag: "x"'],
        ['GET', '304 Not Modified', 'Transfer-Encoding: chunked'],
        ['DELETE', '204 No Content'],
        ['POST', '200 OK', 'Content-Length: 0'],
      ] as const) {
        told = [`HTTP/1.1 ${line}`, ...fields, 'X-Seen: yes', '', ''].join('\r\n');
        for (let turn = 0; turn < 3; turn++) {
          const { head, status, body } = await client.exchange(request(method, '/db/'));
          if (throughFastify) expect(status).toBe(Number(line.slice(0, 3)));
          else expect(head.startLine).toBe(`HTTP/1.1 ${line}`);
          expect([head.value('x-seen'), body.length]).toEqual(['yes', 0]);
          const kept = comparable(fields.filter((field) => !field.startsWith('Transfer')));
          expect(comparable(head.lines)).toEqual(expect.arrayContaining(kept));
        }
        expect(client.unread().toString()).toBe('');
      }
      const failed = gateway.log.exchanges().filter(({ errorType }) => errorType);
      expect(failed).toEqual([]);
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
