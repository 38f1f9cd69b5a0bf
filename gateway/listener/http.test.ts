import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Challenges } from '../acme/challenges.ts';
import { writeRawAnswer } from '../answer/raw-answer.ts';
import type { ClientExchange } from '../exchange/client-exchange.ts';
import type { GatewayError } from '../exchange/error-catalog.ts';
import { Clock } from '../exchange/timer-wheel.ts';
import { until } from '../proof/testing/poll.ts';
import { connect, get, type RawClient, request } from '../proof/testing/raw-client.ts';
import { agreement, handshake } from '../proof/testing/websocket.ts';
import { newTicketSeed, TicketKeys } from '../tls/ticket-keys.ts';
import { HttpListener, type HttpListenerHandler } from './http.ts';
import type { HttpDownstream } from './http-downstream.ts';

interface Held {
  readonly target: string;
  readonly downstream: ClientExchange;
}

/**
 * Takes nothing in the wire lane unless told to, so that every message is handed over. Holds requests until the test answers them; what was refused is
 * answered with its status at once.
 */
class HoldingHandler implements HttpListenerHandler {
  readonly held: Held[] = [];
  readonly upgraded: string[] = [];

  readonly clock = new Clock();

  lane: 'general' | 'wire' = 'general';

  carries(exchange: ClientExchange) {
    if (this.lane === 'general') return false;
    this.held.push({ target: exchange.rawTarget, downstream: exchange });
    return true;
  }

  request(
    incoming: IncomingMessage,
    _response: ServerResponse,
    downstream: HttpDownstream,
    refusal: GatewayError | null,
  ) {
    if (refusal) answer({ target: '', downstream }, refusal.code, refusal.row.status);
    else this.held.push({ target: incoming.url ?? '', downstream });
  }

  upgrade(incoming: IncomingMessage, socket: Socket) {
    this.upgraded.push(incoming.url ?? '');
    socket.end(agreement());
  }

  refused(error: GatewayError, socket: Socket) {
    const body = Buffer.from(error.code);
    writeRawAnswer(socket, {
      status: error.row.status,
      fields: ['Content-Length', String(body.length)],
      body,
    });
  }

  async take(target: string): Promise<Held> {
    await until(`a request for ${target}`, () => this.held.some((each) => each.target === target));
    return this.held.find((each) => each.target === target)!;
  }
}

function answer({ downstream }: Held, body: string, status = 200): void {
  downstream.head(status, 'Reason', ['Content-Length', String(body.length)]);
  downstream.write(Buffer.from(body));
  downstream.end([]);
}

async function startListener(): Promise<{
  listener: HttpListener;
  handler: HoldingHandler;
  client: () => Promise<RawClient>;
}> {
  const handler = new HoldingHandler();
  const listener = new HttpListener(handler, new Challenges(), new TicketKeys(newTicketSeed()), {
    warn() {},
  });
  await listener.listen('127.0.0.1', 0);
  onTestFinished(() => listener.destroy());
  return { listener, handler, client: () => connect(listener.address.port) };
}

describe('requests that stand behind one whose answer is still to come', () => {
  test('an unknown expectation is refused in its turn', async () => {
    const { handler, client } = await startListener();
    const wire = await client();
    await wire.send(get('/slow') + get('/next', 'Expect: the best'));
    answer(await handler.take('/slow'), 'slow');
    expect((await wire.answer()).text).toBe('slow');
    expect((await wire.answer()).text).toBe('expectation_failed');
  });

  test('an upgrade is one, in its turn', async () => {
    const { handler, client } = await startListener();
    const wire = await client();
    await wire.send(get('/slow') + handshake('/next'));
    const slow = await handler.take('/slow');
    expect(handler.upgraded).toEqual([]);
    answer(slow, 'slow');
    expect((await wire.answer()).text).toBe('slow');
    expect((await wire.head()).status).toBe(101);
    expect(handler.upgraded).toEqual(['/next']);
  });

  test('CONNECT is refused in its turn, and is the last one', async () => {
    const { handler, client } = await startListener();
    const wire = await client();
    await wire.send(`${get('/slow')}CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n`);
    answer(await handler.take('/slow'), 'slow');
    expect((await wire.answer()).text).toBe('slow');
    expect((await wire.answer()).text).toBe('method_refused');
    expect(await wire.quietEnding()).toBe('fin');
  });

  test('garbage is not looked at before that answer is out, and is refused then', async () => {
    const { handler, client } = await startListener();
    const wire = await client();
    await wire.send(get('/slow'));
    const { downstream } = await handler.take('/slow');
    downstream.head(200, 'OK', ['Content-Length', '4']);
    downstream.write(Buffer.from('sl'));
    await wire.until('sl');
    await wire.send('garbage\r\n\r\n');
    downstream.write(Buffer.from('ow'));
    expect(await wire.until('ow')).toBe('ow');
    expect((await wire.answer()).text).toBe('bad_request');
    expect(await wire.quietEnding()).toBe('fin');
  });
});

describe('requests that are pipelined', () => {
  test('are handed on one after the other, each when the answer before it is out', async () => {
    const { handler, client } = await startListener();
    const wire = await client();
    await wire.send(request('PUT', '/a', [], 'new') + get('/b') + get('/c'));
    for (const target of ['/a', '/b', '/c']) {
      const held = await handler.take(target);
      expect(handler.held.at(-1)).toBe(held);
      answer(held, target);
      expect((await wire.answer()).text).toBe(target);
    }
  });

  test('go no further than the last answer of the connection', async () => {
    const { handler, client } = await startListener();
    const wire = await client();
    await wire.send(get('/a', 'Connection: close') + get('/b'));
    answer(await handler.take('/a'), 'a');
    expect((await wire.answer()).text).toBe('a');
    expect(await wire.quietEnding()).toBe('fin');
    expect(handler.held.length).toBe(1);
  });

  test('wait as bytes, of which no more than 128 KiB are read', async () => {
    const { handler, client } = await startListener();
    const wire = await client();
    // Nobody takes all of it, so it is not waited for.
    wire.send(get('/a', `X-Filling: ${'x'.repeat(15_000)}`).repeat(126)).catch(() => {});
    const { socket } = (await handler.take('/a')).downstream;
    await until('no more is read', () => socket.isPaused());
    const { bytesRead } = socket;
    await setImmediate();
    await setImmediate();
    expect([socket.bytesRead, handler.held.length]).toEqual([bytesRead, 1]);
    expect(bytesRead).toBeLessThanOrEqual(HEAD_BYTES + 128 * 1024);
  });
});

test('who is answered while CONNECT stands behind is told when the connection closes', async () => {
  const { handler, client } = await startListener();
  const wire = await client();
  await wire.send(`${get('/a')}${get('/b')}${get('/c')}CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n`);
  answer(await handler.take('/a'), 'a');
  const { downstream } = await handler.take('/b');
  const told: boolean[] = [];
  downstream.listen({ drained() {}, closed: (completed) => told.push(completed) });
  wire.reset();
  await until('it is told', () => told.length === 1);
  expect(told).toEqual([false]);
  expect(handler.held.map(({ target }) => target)).toEqual(['/a', '/b']);
});

describe.each(['general', 'wire'] as const)('a connection behind an answer of the %s lane', (lane) => {
  const answered = async (bytes = get('/a')) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { handler, client } = await startListener();
    handler.lane = lane;
    const wire = await client();
    await wire.send(bytes);
    const { downstream } = await handler.take('/a');
    answer({ target: '/a', downstream }, 'a');
    expect((await wire.answer()).text).toBe('a');
    return { handler, wire, socket: downstream.socket! };
  };

  test('is closed when it has been idle for 75 seconds', async () => {
    const { wire, socket } = await answered();
    vi.advanceTimersByTime(74_900);
    await setImmediate();
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(400);
    await wire.ending();
  });

  test('has ten seconds for its next head', async () => {
    const { wire, socket } = await answered();
    const before = socket.bytesRead;
    await wire.send('GET /b HTTP/1.1\r\n');
    await until('its beginning has come', () => socket.bytesRead > before);
    vi.advanceTimersByTime(9_900);
    await setImmediate();
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(400);
    expect((await wire.answer()).status).toBe(408);
    await wire.ending();
  });

  test('waits five seconds for the rest of an upload that nobody has read', async () => {
    const { wire, socket } = await answered(request('PUT', '/a', ['Content-Length: 8'], 'some'));
    vi.advanceTimersByTime(4_900);
    await setImmediate();
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(400);
    await wire.ending();
  });
});

describe('what is answered as a plain request though it asks for an upgrade', () => {
  test.each([
    ['on HTTP/1.0', handshake('/x').replace('HTTP/1.1', 'HTTP/1.0')],
    ['with a body', `${handshake('/x').trimEnd()}\r\nContent-Length: 4\r\n\r\nbody`],
    ['with a body in chunks', `${handshake('/x').trimEnd()}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['to another protocol', get('/x', 'Connection: Upgrade', 'Upgrade: h2c')],
  ])('%s', async (_what, bytes) => {
    const { handler, client } = await startListener();
    const wire = await client();
    await wire.send(bytes);
    answer(await handler.take('/x'), 'plain');
    expect((await wire.answer()).text).toBe('plain');
    expect(handler.upgraded).toEqual([]);
  });

  test('and an upgrade to websocket is one', async () => {
    const { handler, client } = await startListener();
    const wire = await client();
    await wire.send(handshake('/x'));
    expect((await wire.head()).status).toBe(101);
    expect(handler.upgraded).toEqual(['/x']);
  });
});

describe('an expectation', () => {
  test.each([
    ['unknown', 'POST /x HTTP/1.1', 'the best', 417],
    ['that has 100-continue inside a word', 'POST /x HTTP/1.1', 'not-100-continue', 417],
    ['of 100-continue in any case', 'POST /x HTTP/1.1', '100-Continue', 200],
    ['unknown, on HTTP/1.0, which has none', 'POST /x HTTP/1.0', 'the best', 200],
  ])('%s', async (_what, line, expectation, status) => {
    const { handler, client } = await startListener();
    const wire = await client();
    await wire.send(`${line}\r\nHost: a\r\nExpect: ${expectation}\r\nContent-Length: 1\r\n\r\nx`);
    if (status === 200) answer(await handler.take('/x'), 'ok');
    expect((await wire.answer()).status).toBe(status);
  });
});

describe('a connection beyond `maxConnections`', () => {
  test.each([
    ['a request', get('/x')],
    ['an upgrade', handshake('/x')],
    ['an unknown expectation', request('POST', '/x', ['Expect: the best'], 'x')],
  ])('gets 503 for %s, and ends', async (_what, bytes) => {
    const { listener, handler, client } = await startListener();
    listener.bounds = { served: 1, turnedAway: 1 };
    await client();
    const wire = await client();
    await wire.send(bytes);
    const { status, text } = await wire.answer();
    expect([status, text]).toEqual([503, 'too_many_connections']);
    expect(await wire.ending()).toBe('fin');
    expect([...handler.held, ...handler.upgraded]).toEqual([]);
  });

  test('gets it before it has asked where no more may wait, and holds nothing', async () => {
    const { listener, client } = await startListener();
    listener.bounds = { served: 1, turnedAway: 1 };
    await client();
    await client();
    const wire = await client();
    expect((await wire.answer()).text).toBe('too_many_connections');
    await wire.ending();
    expect(listener.connections).toBe(2);
  });
});

// A connection that is closed while bytes lie unread sends a reset, and that overtook the answer in half of all cases.
test('the refusal of unreadable bytes reaches a client that goes on sending', async () => {
  const { client } = await startListener();
  for (let round = 0; round < 20; round++) {
    const wire = await client();
    void wire.send(`GET /x HTTP/1.1\r\nno colon\r\n\r\n${'x'.repeat(100_000)}`);
    for (let i = 0; i < 20; i++) {
      void wire.send(Buffer.alloc(50_000));
      await setImmediate();
    }
    expect((await wire.answer()).status).toBe(400);
    wire.destroy();
  }
});

/** The request that is open has been parsed, and waits no more. */
const HEAD_BYTES = 16 * 1024;
