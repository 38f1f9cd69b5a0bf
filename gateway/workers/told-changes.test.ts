import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { arePurges, EVERYTHING, type Purge } from '../cache/purge.ts';
import { ToldChanges } from './told-changes.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const of = (path: string): Purge => ({ origin: null, path, query: null, below: false });

/** What was sent, as texts, and how to have it gone. */
function told() {
  const sent: string[] = [];
  let gone = () => {};
  const changes = new ToldChanges((purges, done) => {
    sent.push(purges.map((purge) => ('path' in purge ? purge.path : purge.group)).join());
    gone = done;
  });
  return { changes, sent, gone: () => gone() };
}

describe('what changes make other workers forget', () => {
  it('is told at once, and together what comes shortly after', () => {
    const { changes, sent, gone } = told();
    changes.tell([of('/a'), { origin: null, group: 'g' }]);
    gone();
    for (const path of ['/b', '/c', '/b']) changes.tell([of(path)]);
    expect(sent).toEqual(['/a,g']);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual(['/a,g', '/b,/c']);
    gone();
    vi.advanceTimersByTime(10);
    changes.tell([of('/d')]);
    expect(sent).toEqual(['/a,g', '/b,/c', '/d']);
  });

  it('waits while what was told before has not gone, but for the end of the worker', () => {
    const { changes, sent, gone } = told();
    changes.tell([of('/a')]);
    changes.tell([of('/b')]);
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual(['/a']);
    gone();
    vi.advanceTimersByTime(10);
    changes.tell([of('/c')]);
    changes.flush();
    expect(sent).toEqual(['/a', '/b', '/c']);
  });

  it('is everything, where it would be more than a thousand things', () => {
    const sent: (readonly Purge[])[] = [];
    const changes = new ToldChanges((purges) => sent.push(purges));
    const many = Array.from({ length: 1_001 }, (_, at) => of(`/${at}`));
    changes.tell(many);
    changes.tell(many);
    changes.flush();
    expect(sent).toEqual([[EVERYTHING], [EVERYTHING]]);
    expect(arePurges(sent[0])).toBe(true);
  });
});

it.each([
  [[of('/a'), { origin: 'http://a.test', group: 'g' }], true],
  [null, false],
  [[null], false],
  [[{ path: '/a' }], false],
  [[{ origin: null, path: 1, query: null }], false],
  [[{ origin: null, group: {} }], false],
])('%j are what may be forgotten: %s', (said, are) => {
  expect(arePurges(said)).toBe(are);
});
