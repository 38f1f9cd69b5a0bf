import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Downstream, DownstreamListener } from '../forward/exchange.ts';
import { DownstreamPlace } from './answer-place.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client of which the test says when it has taken its answer. */
function client() {
  const told: string[] = [];
  let listener: DownstreamListener | undefined;
  const downstream: Downstream = {
    method: 'GET',
    fields: [],
    body: null,
    listen: (to) => {
      listener = to;
    },
    informational() {},
    head: (status) => void told.push(`head ${status}`),
    write: () => true,
    end: () => void told.push('end'),
    abort: () => {
      told.push('abort');
      listener?.closed(false);
    },
  };
  const closed = (completed: boolean) => void told.push(`closed ${completed}`);
  new DownstreamPlace(downstream).answer(404, [], Buffer.from('none'), closed);
  return { told, take: () => listener?.closed(true) };
}

test('a client that does not take its answer is cut off within a minute', () => {
  const { told } = client();
  vi.advanceTimersByTime(59_000);
  expect(told).toEqual(['head 404', 'end']);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual(['head 404', 'end', 'abort', 'closed false']);
});

test('one that takes it is left alone', () => {
  const { told, take } = client();
  vi.advanceTimersByTime(59_000);
  take();
  vi.advanceTimersByTime(600_000);
  expect(told).toEqual(['head 404', 'end', 'closed true']);
});
