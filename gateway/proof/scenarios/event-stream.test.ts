import { describe, expect, test } from 'vitest';
import { get } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { chunk } from '../testing/service.ts';

describe.each(laneKinds)('an event stream on $kind', ({ routes, files }) => {
  test.each([
    ['chunks', 'Transfer-Encoding: chunked\r\n', chunk],
    ['an open end', '', (text: string) => text],
  ])(
    'with %s: the head, then each event, is out before the next is written',
    async (_what, framing, encode) => {
      const { service, gateway } = await startRoute({ routes, files }, '/db');
      const client = await gateway.connect();
      const connection = await service.reachedBy(client, get('/db/events', 'Accept: text/event-stream'));
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
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    await client.send(get('/db/events', 'Last-Event-ID: 41'));
    expect((await (await service.connection()).head()).value('last-event-id')).toBe('41');
  });
});
