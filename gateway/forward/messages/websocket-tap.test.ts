import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { nodeCollector } from '../../exchange/collector.ts';
import type { SeenMessage } from '../../exchange/messages.ts';
import { until } from '../../proof/testing/poll.ts';
import { WebSocketTap } from './websocket-tap.ts';

const DEFLATE = 'permessage-deflate';
const collector = nodeCollector;

function taps(count: number, seen: SeenMessage[]): readonly WebSocketTap[] {
  return Array.from(
    { length: count },
    () => new WebSocketTap({ seen: (message) => seen.push(message) }, DEFLATE),
  );
}

function memory(): number {
  collector.all();
  return collector.bufferBytes() + collector.heapBytes();
}

/** Without a turn of the loop. What was collected is freed on a thread of its own. */
function isFreed(before: number): boolean {
  const deadline = performance.now() + 5_000;
  while (memory() - before > 8 << 20) if (performance.now() > deadline) return false;
  return true;
}

test('a message in frames of one byte weighs little more than its bytes', () => {
  const frame = (first: number) => Buffer.from([first, 0x81, 0, 0, 0, 0, 0x78]);
  const rest = Buffer.concat(Array.from({ length: 60_000 }, () => frame(0)));
  const before = memory();
  const all = taps(8, []);
  for (const tap of all) {
    tap.seen(frame(0x41), 'service');
    tap.seen(rest, 'service');
  }
  expect(isFreed(before)).toBe(true);
  expect(all).toHaveLength(8);
});

test('of messages that were inflated no more stays than what others may refer to', async () => {
  const before = memory();
  const seen: SeenMessage[] = [];
  const all = taps(32, seen);
  const packed = deflateRawSync(Buffer.alloc(900_000, 'x'));
  const head = Buffer.from([0xc1, 126, packed.length >> 8, packed.length & 0xff]);
  for (const tap of all) tap.seen(Buffer.concat([head, packed]), 'client');
  await until('all are inflated', () => seen.length === all.length);
  expect(new Set(seen.splice(0).map(({ kind, bytes }) => `${kind} ${bytes}`))).toEqual(
    new Set(['text 900000']),
  );
  await until('their memory is free', () => memory() - before < 8 << 20);
  expect(all).toHaveLength(32);
});

test('what comes faster than it is inflated does not pile up', async () => {
  const before = memory();
  const seen: SeenMessage[] = [];
  const [tap] = taps(1, seen);
  const content = Buffer.alloc(60_000, 1);
  const head = Buffer.from([0xc1, 126, content.length >> 8, content.length & 0xff]);
  for (let at = 0; at < 500; at++) {
    tap!.seen(Buffer.concat([head, content]), 'client');
    // Promises go on, and nothing that was inflated meanwhile comes back.
    for (let turn = 0; turn < 5; turn++) await null;
  }
  expect(isFreed(before)).toBe(true);
  await until('each is told of', () => seen.length === 500);
});
