import { describe, expect, test } from 'vitest';
import { SetAside } from './set-aside.ts';

function connection() {
  const state = {
    reading: true,
    pause() {
      state.reading = false;
    },
    resume() {
      state.reading = true;
    },
  };
  return state;
}

describe('connections that are set aside', () => {
  test('are not read until their time has come, each in its turn', () => {
    const setAside = new SetAside();
    const [first, second] = [connection(), connection()];
    setAside.add(first, 1_000);
    setAside.add(second, 1_500);
    setAside.release(999);
    expect([first.reading, second.reading, setAside.size]).toEqual([false, false, 2]);
    setAside.release(1_000);
    expect([first.reading, second.reading, setAside.size]).toEqual([true, false, 1]);
    setAside.release(2_000);
    expect([second.reading, setAside.size]).toEqual([true, 0]);
  });
});
