import { expect, onTestFinished, test, vi } from 'vitest';
import { socketPair } from '../proof/testing/socket-pair.ts';
import { SocketMemory } from './socket-memory.ts';

test('small pieces that wait behind others hold little memory', async () => {
  const { near } = await socketPair();
  const memory = new SocketMemory();
  while (near.writableLength === 0) near.write(Buffer.alloc(1024 * 1024));
  const made = vi.spyOn(Buffer, 'allocUnsafeSlow');
  onTestFinished(() => made.mockRestore());
  for (let piece = 0; piece < 1_000; piece++) memory.write(near, '', Buffer.from('x'));
  expect(made.mock.calls.reduce((sum, [bytes]) => sum + bytes, 0)).toBeLessThan(1024 * 1024);
});

test('pieces that wait arrive as they were, though others were written meanwhile', async () => {
  const { near, far } = await socketPair();
  const memory = new SocketMemory();
  const expected: Buffer[] = [];
  for (let piece = 0; expected.length < 200 || near.writableLength === 0; piece++) {
    const bytes = Buffer.alloc(40_000, String.fromCharCode(97 + (piece % 26)));
    memory.write(near, `${piece}:`, bytes, '\r\n');
    expected.push(Buffer.from(`${piece}:${bytes}\r\n`));
  }
  const whole = Buffer.concat(expected);
  expect((await far.bytes(whole.length)).equals(whole)).toBe(true);
});
