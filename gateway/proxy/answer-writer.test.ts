import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { slowTaker } from '../proof/testing/slow-taker.ts';
import { DownstreamWriter } from './answer-writer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function answered() {
  const { told, downstream, take } = slowTaker();
  const closed = (completed: boolean) => void told.push(`closed ${completed}`);
  new DownstreamWriter(downstream).answer(404, [], Buffer.from('none'), closed);
  return { told, take };
}

test('a client that does not take its answer is cut off within a minute', () => {
  const { told } = answered();
  vi.advanceTimersByTime(59_000);
  expect(told).toEqual(['head 404', 'end']);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual(['head 404', 'end', 'abort', 'closed false']);
});

test('one that takes it is left alone', () => {
  const { told, take } = answered();
  vi.advanceTimersByTime(59_000);
  take();
  vi.advanceTimersByTime(600_000);
  expect(told).toEqual(['head 404', 'end', 'closed true']);
});
