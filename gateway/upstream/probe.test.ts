import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startDeafPort } from '../proof/testing/deaf-port.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { holdClock } from '../proof/testing/held-clock.ts';
import { Probe } from './probe.ts';

test('a port that opens is up at the next look, and is asked no more than once in two seconds', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await once(server.close(), 'close');
  const clock = holdClock();
  const probe = new Probe(localAddress(port), 1_000);
  const state = async () => (await probe.status()).state;
  expect(await state()).toBe('down');
  await once(server.listen(port, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  let connections = 0;
  server.on('connection', () => void connections++);
  expect(await state()).toBe('down');
  clock.advance(300);
  expect(await state()).toBe('up');
  clock.advance(1_900);
  expect(await state()).toBe('up');
  expect(connections).toBe(1);
});

test('an endpoint that lets attempts hang is left alone for a while after each', async () => {
  const port = await startDeafPort();
  const clock = holdClock();
  const probe = new Probe(localAddress(port), 1_000);
  const asked = probe.status();
  clock.advance(1_000);
  expect((await asked).state).toBe('down');
  expect(probe.status()).toBe(asked);
  clock.advance(300);
  const askedAgain = probe.status();
  expect(askedAgain).not.toBe(asked);
  clock.advance(1_000);
  expect((await askedAgain).state).toBe('down');
});
