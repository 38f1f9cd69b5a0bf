import { expect, test } from 'vitest';
import type { GatewayStatus } from '../../model/status.ts';
import { Applied } from './applied.ts';

function status(at: number, requests: number, failed: number): GatewayStatus {
  return { at, routes: [{ traffic: { requests, failed } }], unrouted: null } as unknown as GatewayStatus;
}

test('a change after which more requests fail is worse, until it is taken back', () => {
  const applied = new Applied();
  applied.note('before', status(0, 100, 1), 0.01);
  expect(applied.worse(status(1_000, 105, 6))).toBeNull();
  expect(applied.worse(status(2_000, 120, 11))).toEqual({ before: 0.01, since: 0.5 });
  expect(applied.worse(status(2_000, 1_100, 11))).toBeNull();
  expect(applied.worse(status(3_600_000, 120, 11))).toBeNull();
  applied.takenBack();
  expect([applied.past.value, applied.worse(status(2_000, 120, 11))]).toEqual([[], null]);
});

test('texts before are bounded, the newest first', () => {
  const applied = new Applied();
  for (let at = 0; at < 30; at++) applied.note(`text ${at}`, status(at, 0, 0), 0);
  expect(applied.past.value).toHaveLength(20);
  expect(applied.past.value[0]!.text).toBe('text 29');
});
