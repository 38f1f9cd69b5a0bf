import { expect, test } from 'vitest';
import { startTestGateway } from '../../testing/gateway.ts';
import { connect, get } from '../../testing/raw-client.ts';
import { ok, startService } from '../../testing/service.ts';
import { chunking } from './chunking.ts';
import { framing } from './framing.ts';
import { headers } from './headers.ts';
import { requestLines } from './request-lines.ts';

test('a thousand connections, broken anywhere in hostile bytes, leave nothing behind', async () => {
  const service = (await startService()).answer(ok());
  const gateway = await startTestGateway(`log: { level: silent }\nroutes:\n  /db: ${service.port}\n`);
  const samples = [requestLines, headers, framing, chunking].flat().map(({ sent }) => sent.join(''));
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(gateway.port)));
    for (const [at, client] of clients.entries()) {
      const bytes = samples[(round * 50 + at) % samples.length] ?? '';
      void client.send(bytes.slice(0, 1 + ((at * 37) % Math.max(1, bytes.length))));
      client.reset();
    }
  }
  expect((await gateway.exchange(get('/db/'), 15_000)).status).toBe(200);
});
