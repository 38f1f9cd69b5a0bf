import { describe, expect, test } from 'vitest';
import { get } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok } from '../testing/service.ts';

// What a service answers a request with is in the table of hostile/.
describe.each(laneKinds)('a service that breaks the protocol on $kind', ({ routes, files }) => {
  test('with bytes on an idle connection: they answer nobody', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer((received) => ok(received.target));
    const client = await gateway.connect();
    await client.exchange(get('/db/1'));
    await service.connections[0]?.send(ok('not yours'));
    expect((await client.exchange(get('/db/2'))).text).toBe('/2');
  });

  test('with garbage: the line of the exchange is the only one', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer('garbage\r\n\r\n');
    const before = gateway.log.records.length;
    await gateway.get('/db/1');
    const line = await gateway.log.exchange(502);
    expect(line).toMatchObject({ code: 'bad_answer', cause: 'a head that is not HTTP/1' });
    expect(gateway.log.records.slice(before)).toEqual([line]);
  });
});
