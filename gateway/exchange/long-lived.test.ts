import { describe, expect, test } from 'vitest';
import { type LongLived, LongLivedExchanges } from './long-lived.ts';

/** Leaves the collection as it is closed, as tunnels and event streams do. */
function longLived(among: LongLivedExchanges, signature: string): { closed: number } {
  const exchange: LongLived & { closed: number } = {
    closed: 0,
    close() {
      this.closed++;
      among.delete(signature, this);
    },
  };
  among.add(signature, exchange);
  return exchange;
}

describe('exchanges without an end of their own', () => {
  test('are all closed at once', () => {
    const among = new LongLivedExchanges();
    const all = ['/a', '/a', '/b', '/c'].map((signature) => longLived(among, signature));
    among.closeAll();
    expect(all.map(({ closed }) => closed)).toEqual([1, 1, 1, 1]);
    expect(among.size).toBe(0);
  });

  test('are left alone where their route is kept', () => {
    const among = new LongLivedExchanges();
    const [kept, gone, also] = ['/kept', '/gone', '/gone'].map((signature) => longLived(among, signature));
    expect(among.closeUnless((signature) => signature === '/kept')).toBe(2);
    expect([kept?.closed, gone?.closed, also?.closed]).toEqual([0, 1, 1]);
    expect(among.size).toBe(1);
  });

  test('are counted until they are deleted, however often that happens', () => {
    const among = new LongLivedExchanges();
    const exchange: LongLived = { close() {} };
    among.add('/a', exchange);
    among.add('/a', exchange);
    expect(among.size).toBe(1);
    among.delete('/b', exchange);
    expect(among.size).toBe(1);
    among.delete('/a', exchange);
    among.delete('/a', exchange);
    expect(among.size).toBe(0);
  });
});
