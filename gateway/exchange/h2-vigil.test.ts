import { EventEmitter } from 'node:events';
import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { H2Vigil } from './h2-vigil.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

function watched() {
  const socket = { bytesRead: 0 };
  const ping = vi.fn();
  const session = Object.assign(new EventEmitter(), { destroyed: false, ping });
  const vigil = new H2Vigil(socket as Socket, session as unknown as Http2Session);
  return { socket, ping, vigil };
}

test('asks once in a silence, and again in the next one', () => {
  const { socket, ping, vigil } = watched();
  const look = () => vigil.look(4_000).silentMs;
  for (const silentMs of [2_000, 4_000, 6_000]) {
    vi.advanceTimersByTime(2_000);
    expect(look()).toBe(silentMs);
  }
  expect(ping).toHaveBeenCalledTimes(1);
  socket.bytesRead += 17;
  expect(look()).toBe(0);
  vi.advanceTimersByTime(5_000);
  look();
  expect(ping).toHaveBeenCalledTimes(2);
});

test('a silence in which nothing was waited for is none', () => {
  const { ping, vigil } = watched();
  vi.advanceTimersByTime(60_000);
  vigil.restart();
  expect(vigil.look(4_000).silentMs).toBe(0);
  expect(ping).not.toHaveBeenCalled();
});

test('tells what has come since the last look', () => {
  const { socket, vigil } = watched();
  socket.bytesRead = 30;
  expect(vigil.look(4_000).bytes).toBe(30);
  expect(vigil.look(4_000).bytes).toBe(0);
});

test('two thousand frames in a second are not too many, and more are', () => {
  const { vigil } = watched();
  for (let second = 0; second < 3; second++) {
    for (let i = 0; i < 2_000; i++) expect(vigil.noteFrame()).toBe(false);
    vi.advanceTimersByTime(1_001);
  }
  for (let i = 0; i < 2_000; i++) vigil.noteFrame();
  expect(vigil.noteFrame()).toBe(true);
});
