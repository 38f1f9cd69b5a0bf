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

/** What `process.nextTick` has put off is done. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('connections that are set aside', () => {
  test('are not read until their time has come, each in its turn', async () => {
    const setAside = new SetAside();
    const [first, second] = [connection(), connection()];
    setAside.add(first, 1_000);
    setAside.add(second, 1_500);
    await settled();
    setAside.release(999);
    expect([first.reading, second.reading, setAside.size]).toEqual([false, false, 2]);
    setAside.release(1_000);
    expect([first.reading, second.reading, setAside.size]).toEqual([true, false, 1]);
    setAside.release(2_000);
    expect([second.reading, setAside.size]).toEqual([true, 0]);
  });

  test('stay unread though whoever answers them sets them going when the answer is out', async () => {
    const setAside = new SetAside();
    const one = connection();
    setAside.add(one, 1_000);
    one.resume();
    await settled();
    expect(one.reading).toBe(false);
  });
});
