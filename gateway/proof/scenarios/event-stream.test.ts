import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { chunk, startService } from '../testing/service.ts';

describe.each(laneKinds)('an event stream on $kind', ({ routes, files }) => {
  test.each([
    ['chunks', 'Transfer-Encoding: chunked\r\n', chunk],
    ['an open end', '', (text: string) => text],
  ])(
    'with %s: the head, then each event, is out before the next is written',
    async (_what, framing, encode) => {
      const service = await startService();
      const gateway = await startTestGateway(routes('/db', service.port), { files });
      const client = await gateway.connect();
      await client.send(get('/db/events', 'Accept: text/event-stream'));
      const connection = await service.connection();
      await connection.head();
      await connection.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${framing}\r\n`);
      expect((await client.head()).value('content-type')).toBe('text/event-stream');
      for (let event = 1; event <= 5; event++) {
        await connection.send(encode(`id: ${event}\ndata: x\n\n`));
        expect((await client.chunk()).toString()).toBe(`id: ${event}\ndata: x\n\n`);
      }
      client.destroy();
      await connection.ending();
    },
  );

  test('a reader that comes back says where it was', async () => {
    const service = await startService();
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    const client = await gateway.connect();
    await client.send(get('/db/events', 'Last-Event-ID: 41'));
    expect((await (await service.connection()).head()).value('last-event-id')).toBe('41');
  });
});
