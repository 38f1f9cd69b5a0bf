import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';

// What a service answers a request with is in the table of hostile/.
describe.each(laneKinds)('a service that breaks the protocol on $kind', ({ routes, files }) => {
  test('with bytes on an idle connection: they answer nobody', async () => {
    const service = (await startService()).answer((received) => ok(received.target));
    const gateway = await startTestGateway(routes('/db', service.port), { files });
    const client = await gateway.connect();
    await client.exchange(get('/db/1'));
    await service.connections[0]?.send(ok('not yours'));
    expect((await client.exchange(get('/db/2'))).text).toBe('/2');
  });
});
