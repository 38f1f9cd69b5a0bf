import { expect, test } from 'vitest';
import { newExchangeRecord } from '../../exchange/record.ts';
import { Inspector } from './inspector.ts';

test('of more than are kept in a second, those that fail have room of their own', async () => {
  const inspector = new Inspector({
    always: true,
    explain: () => {
      throw new Error('nobody asks why');
    },
    traffic: () => [],
    perSecond: 8,
  });
  const end = (target: string, status: number) => {
    const detail = inspector.begin(['Host', 'localhost']);
    const now = performance.now();
    const record = newExchangeRecord('id', 'GET', target, 'HTTP/1.1', '::1');
    inspector.ended(Object.assign(record, { detail, status, endedAt: now }));
  };
  for (let at = 0; at < 20; at++) end('/fine', 200);
  for (let at = 0; at < 20; at++) end('/failed', 502);
  const { exchanges, sampled } = await inspector.find({ limit: 100 });
  const kept = (of: string) => exchanges.filter(({ target }) => target === of).length;
  expect([kept('/fine'), kept('/failed'), sampled]).toEqual([6, 2, 32]);
});
