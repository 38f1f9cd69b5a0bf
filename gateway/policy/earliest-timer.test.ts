import { expect, test, vi } from 'vitest';
import { holdClock } from '../proof/testing/held-clock.ts';
import { EarliestTimer } from './earliest-timer.ts';

test('goes off at the earliest time that was asked for, however often it is asked', () => {
  const clock = holdClock();
  const goOff = vi.fn();
  const timer = new EarliestTimer(goOff);
  timer.within(10);
  timer.within(2);
  clock.advance(1);
  timer.within(2);
  expect(goOff).not.toHaveBeenCalled();
  clock.advance(1);
  expect(goOff).toHaveBeenCalledOnce();
  clock.advance(20);
  expect(goOff).toHaveBeenCalledOnce();
});

test('may be asked again once it has gone off, and cancelled', () => {
  const clock = holdClock();
  const goOff = vi.fn();
  const timer = new EarliestTimer(goOff);
  timer.within(1);
  clock.advance(1);
  timer.within(1);
  clock.advance(1);
  expect(goOff).toHaveBeenCalledTimes(2);
  timer.within(1);
  timer.cancel();
  clock.advance(5);
  expect(goOff).toHaveBeenCalledTimes(2);
});
