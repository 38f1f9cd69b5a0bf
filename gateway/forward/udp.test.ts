import { describe, expect, onTestFinished, test } from 'vitest';
import { type DatagramSocket, openDatagrams } from '../proof/testing/datagram.ts';
import { freeDatagramPort } from '../proof/testing/free-port.ts';
import { holdClock } from '../proof/testing/held-clock.ts';
import { until } from '../proof/testing/poll.ts';
import { type UdpAddress, UdpSession } from './udp.ts';

interface Overrides {
  readonly addresses?: readonly UdpAddress[];
  readonly lookup?: () => readonly UdpAddress[];
  readonly clientPort?: number;
  readonly idleMs?: number;
}

/** A session between a client and a service, with what its watcher was told, in order. */
async function begin(overrides: Overrides = {}) {
  const [client, listener, service] = await Promise.all([openDatagrams(), openDatagrams(), openDatagrams()]);
  const events: string[] = [];
  const addresses = overrides.addresses ?? [addressOf(service.port)];
  const plan = {
    client: { address: client.address, port: overrides.clientPort ?? client.port },
    listener: listener.socket,
    addresses: overrides.lookup ?? (() => addresses),
    idleMs: overrides.idleMs ?? 60_000,
  };
  const session = new UdpSession(plan, {
    joined: (endpoint) => events.push(`joined ${endpoint}`),
    left: () => events.push('left'),
    moved: (bytes, towards) => events.push(`${bytes} to ${towards}`),
    unreachable: (cause) => events.push(`unreachable ${(cause as NodeJS.ErrnoException).code}`),
    ended: (closed) => events.push(closed ? 'closed' : 'ended'),
  });
  onTestFinished(() => session.end());
  return { client, listener, service, session, events };
}

function addressOf(port: number, endpoint = 'a', address = '127.0.0.1'): UdpAddress {
  return { endpoint, address, port };
}

async function answer(service: DatagramSocket, text: string): Promise<void> {
  const { from } = await service.next();
  await service.send(text, from.port);
}

describe('a UDP session', () => {
  test('opens a socket with the first datagram, and closes it when it ends', async () => {
    const { session, client, service, events } = await begin();
    expect(events).toEqual([]);
    session.send(Buffer.from('ask'));
    await answer(service, 'answer');
    await client.next();
    session.end();
    session.end();
    expect(events).toEqual(['3 to service', 'joined a', '6 to client', 'left', 'ended']);
  });

  test('sends what came before its socket was connected, in order, and no more than it may hold', async () => {
    const { session, service } = await begin();
    for (let turn = 0; turn < 100; turn++) session.send(Buffer.from(String(turn)));
    for (let turn = 0; turn < 16; turn++) expect((await service.next()).text).toBe(String(turn));
    session.send(Buffer.from('next'));
    expect((await service.next()).text).toBe('next');
  });

  test('that ends before its socket is connected sends nothing', async () => {
    const { session, events } = await begin();
    session.send(Buffer.from('ask'));
    session.end();
    await new Promise(setImmediate);
    expect(events).toEqual(['3 to service', 'ended']);
  });

  test('asks again where to send where nothing was known', async () => {
    let asked = 0;
    const service = await openDatagrams();
    const lookup = () => {
      if (asked++ === 0) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
      return [addressOf(service.port)];
    };
    const { session, events } = await begin({ lookup });
    session.send(Buffer.from('lost'));
    await until('it is told', () => events.includes('unreachable ENOTFOUND'));
    session.send(Buffer.from('found'));
    expect((await service.next()).text).toBe('found');
  });

  test('tries one address after the other with a datagram that is refused', async () => {
    const service = await openDatagrams();
    const dead = [await freeDatagramPort(), await freeDatagramPort()];
    const addresses = [...dead, service.port].map((port, at) => addressOf(port, `endpoint ${at}`));
    const { session, events } = await begin({ addresses });
    session.send(Buffer.from('anybody?'));
    expect((await service.next()).text).toBe('anybody?');
    expect(events.filter((event) => event !== 'left')).toEqual([
      '8 to service',
      'joined endpoint 0',
      'joined endpoint 1',
      'joined endpoint 2',
    ]);
  });

  test('says so once where all addresses refuse, and begins at the first again', async () => {
    const [first, second] = [await freeDatagramPort(), await freeDatagramPort()];
    const { session, events } = await begin({
      addresses: [addressOf(first, 'first'), addressOf(second, 'second')],
    });
    const unreachable = () => events.filter((event) => event.startsWith('unreachable'));
    session.send(Buffer.from('anybody?'));
    await until('it is told', () => unreachable().length === 1);
    const service = await openDatagrams(first);
    session.send(Buffer.from('anybody now?'));
    expect((await service.next()).text).toBe('anybody now?');
    expect(unreachable()).toHaveLength(1);
  });

  test('survives a datagram that is too long for the way', async () => {
    const { session, service, events } = await begin();
    session.send(Buffer.alloc(70_000));
    session.send(Buffer.from('short'));
    expect((await service.next()).text).toBe('short');
    expect(events.filter((event) => event.startsWith('unreachable'))).toEqual([]);
  });

  test('never answers a client at port 0, which stands for none', async () => {
    const { session, service, events } = await begin({ clientPort: 0 });
    session.send(Buffer.from('ask'));
    await answer(service, 'answer');
    await until('the answer has come', () => {
      session.send(Buffer.from('ask again'));
      return session.assured;
    });
    expect(events).not.toContain('6 to client');
  });

  test('is assured when its client goes on after an answer', async () => {
    const { session, client, service } = await begin();
    session.send(Buffer.from('1'));
    session.send(Buffer.from('2'));
    expect(session.assured).toBe(false);
    await answer(service, 'answer');
    await client.next();
    expect(session.assured).toBe(false);
    session.send(Buffer.from('3'));
    expect(session.assured).toBe(true);
  });

  test('ends when nothing moves', async () => {
    const { session, service, events } = await begin({ idleMs: 50 });
    session.send(Buffer.from('ask'));
    await service.next();
    await until('it has ended', () => events.includes('ended'));
  });
});

describe('a UDP session that is closed', () => {
  test('ends at once where no answer is under way', async () => {
    const { session, client, service, events } = await begin();
    session.send(Buffer.from('ask'));
    await answer(service, 'answer');
    await client.next();
    session.close();
    expect(events.at(-1)).toBe('closed');
  });

  test('lets the answer through that is under way, then ends', async () => {
    const { session, client, service, events } = await begin();
    session.send(Buffer.from('ask'));
    const { from } = await service.next();
    session.close();
    session.close();
    expect(events).not.toContain('closed');
    await service.send('answer', from.port);
    expect((await client.next()).text).toBe('answer');
    await until('it has ended', () => events.includes('closed'));
  });

  test('does not wait for long', async () => {
    const { session, service, events } = await begin();
    session.send(Buffer.from('ask'));
    await service.next();
    const clock = holdClock();
    session.close();
    clock.advance(1_000);
    await until('it has ended', () => events.includes('closed'));
  });

  test('does not wait for a service that is not there', async () => {
    const { session, events } = await begin({ addresses: [addressOf(await freeDatagramPort())] });
    session.send(Buffer.from('ask'));
    // By the system's word, not by the second that an answer gets.
    holdClock();
    session.close();
    await until('it has ended', () => events.includes('closed'));
  });
});
