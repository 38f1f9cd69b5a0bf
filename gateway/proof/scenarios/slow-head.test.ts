import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { ok, startService } from '../testing/service.ts';

// The limit for a request head is 10 s and not configurable, so the clock is turned.
test.each([
  ['one byte', 'G'],
  ['a request line', 'GET /db/ HTTP/1.1\r\n'],
  ['a field that does not end', 'GET /db/ HTTP/1.1\r\nHost: a\r\nX-Slow: '],
])(
  'a head that does not go on behind %s is answered 408 after ten seconds, and closed',
  async (_what, part) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const client = await gateway.connect();
    await client.send(part);
    await until('it has come', () => gatewaySockets()[0]?.bytesRead === part.length);
    vi.advanceTimersByTime(5_000);
    // That it trickles is of no help.
    await client.send('X');
    await until('one more byte has come', () => gatewaySockets()[0]?.bytesRead === part.length + 1);
    vi.advanceTimersByTime(4_900);
    await setImmediate();
    expect(gatewaySockets()).toHaveLength(1);
    vi.advanceTimersByTime(400);
    vi.useRealTimers();
    expect((await client.answer()).status).toBe(408);
    await client.ending();
    expect(service.connections).toEqual([]);
    expect((await gateway.get('/db/')).status).toBe(200);
  },
);
