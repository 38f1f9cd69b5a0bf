import { beforeEach, expect, test, vi } from 'vitest';
import type { ExchangeSummary } from '../../model/exchanges.ts';
import { EventHub } from './events.ts';

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

/** How often a reader is told of exchanges in ten seconds, where so many end between two looks. */
async function textsOf(count: number): Promise<number> {
  const exchanges = Array.from({ length: count }, (_, at) => ({ id: `a-${at}` }) as ExchangeSummary);
  const list = { newest: {}, more: 0, dropped: 0, sampled: 0 };
  const hub = new EventHub({
    status: async () => '{}',
    find: async () => ({ ...list, exchanges }),
    messages: async () => ({ ...list, messages: [], unread: 0 }),
  });
  let texts = 0;
  hub.open({ limit: 1 }, false).on('data', (text) => {
    if (String(text).startsWith('event: exchange')) texts++;
  });
  await vi.advanceTimersByTimeAsync(10_000);
  hub.close();
  return texts;
}

test('few exchanges are told twice a second, many once', async () => {
  expect([await textsOf(9), await textsOf(10)]).toEqual([20, 10]);
});

test('a reader whose first status is slow gets each exchange once', async () => {
  const list = { more: 0, dropped: 0, sampled: 0 };
  const later = <T>(ms: number, value: T) =>
    new Promise<T>((resolve) => setTimeout(() => resolve(value), ms));
  let ended = 0;
  const hub = new EventHub({
    status: () => later(1_100, '{}'),
    find: ({ after = {} }) => {
      const from = after.a ?? ended;
      ended++;
      const ids = Array.from({ length: ended - from }, (_, at) => ({ id: `a-${ended - at}` }));
      return later(300, { ...list, newest: { a: ended }, exchanges: ids as ExchangeSummary[] });
    },
    messages: async () => ({ ...list, newest: {}, messages: [], unread: 0 }),
  });
  let text = '';
  hub.open({ limit: 1 }, false).on('data', (part) => {
    text += part;
  });
  await vi.advanceTimersByTimeAsync(10_000);
  hub.close();
  const ids = [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
  expect(ids.length).toBeGreaterThan(2);
  expect(ids).toEqual([...new Set(ids)]);
});
