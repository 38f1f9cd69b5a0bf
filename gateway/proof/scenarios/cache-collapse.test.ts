import { describe, expect, test } from 'vitest';
import { type CachedRoute, cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { holdCalendar } from '../testing/held-clock.ts';
import { until } from '../testing/poll.ts';
import { type Answer, get, type RawClient } from '../testing/raw-client.ts';
import { chunk, ok, type ReceivedRequest } from '../testing/service.ts';

const FRESH = 'Cache-Control: public, max-age=60';

/** A service that answers each request when it is let go of, in the order in which they came. */
function held(answer: (request: ReceivedRequest, index: number) => ReturnType<typeof ok> | string) {
  const gates: PromiseWithResolvers<void>[] = [];
  const gate = (index: number) => {
    gates[index] ??= Promise.withResolvers<void>();
    return gates[index];
  };
  let asked = 0;
  return {
    script: async (request: ReceivedRequest) => {
      const index = asked++;
      await gate(index).promise;
      return answer(request, index);
    },
    letGo: (index: number) => gate(index).resolve(),
  };
}

/** Requests of which the service sees one, while the others are known to wait: each has a connection, and all were read. */
async function stampede(route: CachedRoute, count: number, ...fields: string[]): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i++) {
    const client = await route.gateway.connect();
    await client.send(get('/img/a', ...fields));
    clients.push(client);
  }
  await until('the service is asked', () => route.service.requests.length >= 1);
  // On a connection of its own, behind all of them: when it has been answered, they have been read.
  expect((await route.gateway.get('/nowhere')).status).toBe(404);
  return clients;
}

const answersOf = (clients: readonly RawClient[]): Promise<Answer[]> =>
  Promise.all(clients.map((client) => client.answer()));

const summary = (answers: readonly Answer[]) =>
  answers.map((answer) => `${answer.text}: ${cacheStatus(answer)}`);

describe('simultaneous misses of one URL', () => {
  test('are one request to the service', async () => {
    const service = held(() => ok('x', FRESH));
    const route = await startCachedRoute(service.script);
    const clients = await stampede(route, 20);
    service.letGo(0);
    expect(summary(await answersOf(clients))).toEqual([
      'x: portway; fwd=uri-miss; fwd-status=200; stored',
      ...Array(19).fill('x: portway; fwd=uri-miss; collapsed'),
    ]);
    expect(route.service.requests).toHaveLength(1);
  });

  test('of what has become stale are one as well', async () => {
    const calendar = holdCalendar();
    const service = held((_request, index) => ok(`x${index}`, FRESH));
    const route = await startCachedRoute(service.script);
    service.letGo(0);
    await route.ask('/a');
    calendar.advance(61);
    const clients = await stampede(route, 10);
    service.letGo(1);
    expect(new Set(summary(await answersOf(clients)))).toEqual(
      new Set(['x1: portway; fwd=stale; fwd-status=200; stored', 'x1: portway; fwd=stale; collapsed']),
    );
    expect(route.service.requests).toHaveLength(2);
  });

  test('that turn out to want different variants are one for each, at the same time', async () => {
    const service = held(({ head }) => ok(String(head.value('accept')), FRESH, 'Vary: Accept'));
    const route = await startCachedRoute(service.script);
    const avif = await stampede(route, 3, 'Accept: image/avif');
    const webp = await stampede(route, 3, 'Accept: image/webp');
    const jpeg = await stampede(route, 3, 'Accept: image/jpeg');
    expect(route.service.requests).toHaveLength(1);
    service.letGo(0);
    await until('both others are asked for', () => route.service.requests.length === 3);
    service.letGo(1);
    service.letGo(2);
    expect((await answersOf([...avif, ...webp, ...jpeg])).map(({ text }) => text)).toEqual([
      ...Array(3).fill('image/avif'),
      ...Array(3).fill('image/webp'),
      ...Array(3).fill('image/jpeg'),
    ]);
    expect(route.service.requests).toHaveLength(3);
  });
});

describe('nobody waits in vain', () => {
  test('where the first leaves before the answer, the next takes its place', async () => {
    const service = held(() => ok('x', FRESH));
    const route = await startCachedRoute(service.script);
    const [first, ...rest] = await stampede(route, 4);
    first!.reset();
    await until('the service is asked again', () => route.service.requests.length === 2);
    service.letGo(1);
    expect(summary(await answersOf(rest))).toEqual([
      'x: portway; fwd=uri-miss; fwd-status=200; stored; collapsed=?0',
      ...Array(2).fill('x: portway; fwd=uri-miss; collapsed'),
    ]);
    expect(route.service.requests).toHaveLength(2);
    service.letGo(0);
  });

  test('where the first leaves in the middle of the answer, the others get it to its end', async () => {
    const { promise: left, resolve: hasLeft } = Promise.withResolvers<void>();
    const route = await startCachedRoute(async (_request, connection) => {
      await connection.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 10\r\n\r\nfirst`);
      await left;
      await connection.send(' last');
      return undefined;
    });
    const [first, ...rest] = await stampede(route, 4);
    for (const client of [first!, ...rest]) await client.head();
    first!.reset();
    await route.gateway.log.exchange(499);
    hasLeft();
    for (const client of rest) expect((await client.bytes(10)).toString()).toBe('first last');
    expect(cacheStatus(await route.ask('/a'))).toBe('portway; hit');
    expect(route.service.requests).toHaveLength(1);
  });

  test('where it is purged meanwhile, those who wait ask anew, once, and the first gets its answer', async () => {
    const service = held((_request, index) => ok(`x${index}`, FRESH));
    const route = await startCachedRoute(service.script);
    const [first, ...rest] = await stampede(route, 5);
    await route.gateway.admin('DELETE', '/cache?prefix=/img');
    await until('the service is asked again', () => route.service.requests.length === 2);
    service.letGo(1);
    expect((await answersOf(rest)).map(({ text }) => text)).toEqual(Array(4).fill('x1'));
    service.letGo(0);
    expect((await first!.answer()).text).toBe('x0');
    expect((await route.ask('/a')).text).toBe('x1');
    expect(route.service.requests).toHaveLength(2);
  });

  test('one of those who wait may leave', async () => {
    const service = held(() => ok('x', FRESH));
    const route = await startCachedRoute(service.script);
    const [first, second, third] = await stampede(route, 3);
    second!.reset();
    await route.gateway.log.exchange(499);
    service.letGo(0);
    expect((await answersOf([first!, third!])).map(({ text }) => text)).toEqual(['x', 'x']);
    expect(route.service.requests).toHaveLength(1);
  });

  test.each([
    ['is not kept', () => ok('x', 'Cache-Control: private')],
    [
      'is a stream without an end',
      () => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('x')}`,
    ],
    [
      'grows larger than what is kept',
      () => `HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('x'.repeat(2_000))}`,
    ],
  ])('where the answer %s, all ask for themselves as soon as that is known', async (_what, answer) => {
    const service = held(answer);
    const route = await startCachedRoute(service.script, { cache: '{ maxEntry: 1KiB }' });
    const clients = await stampede(route, 4);
    service.letGo(0);
    await until('all have asked', () => route.service.requests.length === 4);
    for (const index of [1, 2, 3]) service.letGo(index);
    for (const client of clients) expect((await client.head()).status).toBe(200);
    // And those who come now don't wait for each other any more.
    await stampede(route, 2);
    await until('these as well', () => route.service.requests.length === 6);
    for (const index of [4, 5]) service.letGo(index);
  });

  test('where the service fails, all ask for themselves, and later ones wait for each other again', async () => {
    const route = await startCachedRoute(async (_request, connection) => {
      if (route.service.requests.length > 4) return ok('x', FRESH);
      if (route.service.requests.length === 1) await until('all are there', () => all);
      else await until('all ask at the same time', () => route.service.requests.length === 4);
      connection.destroy();
      return undefined;
    });
    let all = false;
    const clients = await stampede(route, 4);
    all = true;
    expect((await answersOf(clients)).map(({ status }) => status)).toEqual(Array(4).fill(502));
    expect(cacheStatus(await route.ask('/a'))).toBe('portway; fwd=uri-miss; fwd-status=200; stored');
    expect(cacheStatus(await route.ask('/a'))).toBe('portway; hit');
  });

  test('for longer than a service may take', async () => {
    const service = held(() => ok('x', FRESH));
    const route = await startCachedRoute(service.script, { keys: ['timeouts: { response: 300ms }'] });
    const answers = await answersOf(await stampede(route, 3));
    expect(answers.map(({ status }) => status)).toEqual([504, 504, 504]);
    for (const index of [0, 1, 2]) service.letGo(index);
  });

  test('who wants it for himself', async () => {
    const service = held(() => ok('x', FRESH));
    const route = await startCachedRoute(service.script);
    const fields = ['X-Any: 1', 'Authorization: Basic eDp5', 'Cache-Control: no-cache'];
    for (const [index, field] of fields.entries()) {
      const client = await route.gateway.connect();
      await client.send(get('/img/a', field));
      await until(`${field} is asked for`, () => route.service.requests.length === index + 1);
    }
    for (const index of [0, 1, 2]) service.letGo(index);
  });
});
