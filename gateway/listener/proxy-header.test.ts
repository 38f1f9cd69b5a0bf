import { describe, expect, test } from 'vitest';
import { GatewayError } from '../exchange/error-catalog.ts';
import { writeProxyHeader } from '../forward/proxy-protocol.ts';
import { until } from '../proof/testing/poll.ts';
import { socketPair } from '../proof/testing/socket-pair.ts';
import { ProxyHeaderReader, type ReceivedHeader } from './proxy-header.ts';

const connection = {
  sourceAddress: '2001:db8::1',
  sourcePort: 50_000,
  destinationAddress: '2001:db8::2',
  destinationPort: 443,
};

async function reading(timeoutMs?: number) {
  const { near, far } = await socketPair();
  // As the listener leaves it.
  near.on('error', () => {}).pause();
  const results: (ReceivedHeader | GatewayError)[] = [];
  const reader = new ProxyHeaderReader(near, (result) => results.push(result), timeoutMs);
  const code = () => (results[0] instanceof GatewayError ? results[0].code : null);
  return { near, far, reader, results, code };
}

describe.each(['v1', 'v2'] as const)('a PROXY header %s', (version) => {
  const header = writeProxyHeader(version, connection);

  test('is read in whatever two pieces it comes', async () => {
    for (let at = 1; at < header.length; at++) {
      const { near, far, results } = await reading();
      await far.send(header.subarray(0, at));
      await until('the first piece is read', () => near.bytesRead === at);
      expect(results).toEqual([]);
      await far.send(Buffer.concat([header.subarray(at), Buffer.from('and more')]));
      await until('it is read', () => results.length === 1);
      expect(results[0]).toEqual({ connection, rest: Buffer.from('and more') });
      far.destroy();
      near.destroy();
    }
  });

  test('leaves the socket paused, and nothing behind it is lost', async () => {
    const { near, far, results } = await reading();
    await far.send(header);
    await until('it is read', () => results.length === 1);
    expect(near.isPaused()).toBe(true);
    const seen: string[] = [];
    await far.send('behind');
    far.fin();
    near.on('data', (chunk) => seen.push(chunk.toString())).on('end', () => seen.push('end'));
    near.resume();
    await until('the rest is read', () => seen.join() === 'behind,end');
  });
});

describe('a PROXY header that does not come', () => {
  test.each([
    ['the client ends its half', 'fin', 'client_left'],
    ['the client resets', 'reset', 'client_left'],
  ] as const)('where %s in the middle of it', async (_what, how, expected) => {
    const { near, far, code } = await reading();
    await far.send('PROXY TCP4 ');
    await until('it is read', () => near.bytesRead === 11);
    far[how]();
    await until('it is told', () => code() === expected);
  });

  test('in time', async () => {
    const { far, code, results } = await reading(50);
    await far.send('PROXY TCP4 ');
    await until('it is told', () => code() === 'head_timeout');
    expect(results).toHaveLength(1);
  });

  test('because something else comes', async () => {
    const { far, code } = await reading();
    await far.send('SSH-2.0-OpenSSH_9.2\r\n');
    await until('it is told', () => code() === 'bad_request');
  });

  test('because the gateway stops', async () => {
    const { reader, code, results } = await reading();
    reader.close();
    reader.close();
    expect(code()).toBe('drained');
    expect(results).toHaveLength(1);
  });
});
