import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { arePurges, type Purge } from '../cache/purge.ts';
import { ToldChanges } from './told-changes.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const of = (path: string): Purge => ({ origin: null, path, query: null, below: false });

describe('what changes make other workers forget', () => {
  it('is told at once, and together what comes shortly after', () => {
    const sent: string[] = [];
    const changes = new ToldChanges((purges) =>
      sent.push(purges.map((purge) => ('path' in purge ? purge.path : purge.group)).join()),
    );
    changes.tell([of('/a'), { origin: null, group: 'g' }]);
    for (const path of ['/b', '/c', '/b']) changes.tell([of(path)]);
    expect(sent).toEqual(['/a,g']);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual(['/a,g', '/b,/c']);
    vi.advanceTimersByTime(10);
    changes.tell([of('/d')]);
    expect(sent).toEqual(['/a,g', '/b,/c', '/d']);
  });

  it('is everything, where it would be more than a thousand things', () => {
    const sent: (readonly Purge[])[] = [];
    const changes = new ToldChanges((purges) => sent.push(purges));
    changes.tell(Array.from({ length: 1_001 }, (_, at) => of(`/${at}`)));
    expect(sent).toEqual([[{ origin: null, path: '/', query: null, below: true }]]);
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
