import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { NameAnswer } from './name-resolver.ts';
import { WatchedName } from './watched-name.ts';

/** What the resolver says next: records, with a TTL in milliseconds where one is known, or an error. */
type Next =
  | { readonly records: readonly string[]; readonly ttlMs: number | null }
  | { readonly code: string };

/** A name whose resolver says what the test wants, on a clock that the test moves. */
function watched(first: Next, longestMs?: number) {
  const script = { next: first, asked: 0, changes: 0, told: [] as string[] };
  const name = new WatchedName<string>(
    {
      async ask(): Promise<NameAnswer<string>> {
        script.asked++;
        if ('code' in script.next) throw Object.assign(new Error('no'), { code: script.next.code });
        const { records, ttlMs } = script.next;
        return { records, ttlMs: Promise.resolve(ttlMs) };
      },
      found: (records) => script.told.push(`found ${records}`),
      failed: (code, known) => script.told.push(`${known ? 'lost' : 'never found'} ${code}`),
      close() {},
    },
    longestMs,
  );
  name.watch({ nameChanged: () => script.changes++ });
  onTestFinished(() => name.close());
  return { name, script };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a name is asked about again', () => {
  test.each<[string, Next, number]>([
    ['when its TTL is over', { records: ['192.0.2.1'], ttlMs: 7_000 }, 7_000],
    ['no oftener than every second', { records: ['192.0.2.1'], ttlMs: 0 }, 1_000],
    ['at least every thirty seconds', { records: ['192.0.2.1'], ttlMs: 600_000 }, 30_000],
    [
      'after five seconds where nobody says how long it holds',
      { records: ['192.0.2.1'], ttlMs: null },
      5_000,
    ],
    ['after a second where nothing was ever found', { code: 'ENOTFOUND' }, 1_000],
    ['after a second where the answer is empty', { records: [], ttlMs: 60_000 }, 1_000],
  ])('%s', async (_when, answer, ms) => {
    const { script } = watched(answer);
    await pass(ms - 1);
    expect(script.asked).toBe(1);
    await pass(1);
    expect(script.asked).toBe(2);
  });

  test('sooner, where its answers are known to hold for less than they say', async () => {
    const { script } = watched({ records: ['192.0.2.1'], ttlMs: 600_000 }, 1_500);
    await pass(1_500);
    expect(script.asked).toBe(2);
  });

  test('at once when nobody could be reached there, but not twice in a second', async () => {
    const { name, script } = watched({ records: ['192.0.2.1'], ttlMs: 30_000 });
    await pass(1_000);
    name.refreshSoon();
    name.refreshSoon();
    await pass(0);
    expect(script.asked).toBe(2);
    name.refreshSoon();
    await pass(999);
    expect(script.asked).toBe(2);
    await pass(1);
    expect(script.asked).toBe(3);
  });

  test('no more when nobody watches it', async () => {
    const { name, script } = watched({ records: ['192.0.2.1'], ttlMs: 1_000 });
    await pass(0);
    name.close();
    name.refreshSoon();
    await pass(60_000);
    expect([script.asked, vi.getTimerCount()]).toEqual([1, 0]);
  });
});

describe('what a name stands for', () => {
  test('changes with the answer, and a shuffled answer is none', async () => {
    const { name, script } = watched({ records: ['192.0.2.1', '192.0.2.2'], ttlMs: 1_000 });
    await pass(0);
    expect([name.known, script.changes]).toEqual([['192.0.2.1', '192.0.2.2'], 1]);
    script.next = { records: ['192.0.2.2', '192.0.2.1'], ttlMs: 1_000 };
    await pass(1_000);
    expect(script.changes).toBe(1);
    script.next = { records: ['192.0.2.2'], ttlMs: 1_000 };
    await pass(1_000);
    expect([name.known, script.changes]).toEqual([['192.0.2.2'], 2]);
  });

  test.each<[string, Next, string]>([
    ['the name is gone', { code: 'ENOTFOUND' }, 'ENOTFOUND'],
    ['the server fails', { code: 'ESERVFAIL' }, 'ESERVFAIL'],
    ['the answer is empty', { records: [], ttlMs: 1_000 }, 'ENODATA'],
  ])('stays when %s, and it is told since when', async (_what, answer, code) => {
    const { name, script } = watched({ records: ['192.0.2.1'], ttlMs: 1_000 });
    await pass(0);
    script.next = answer;
    await pass(1_000);
    const since = Date.now();
    await pass(5_000);
    expect([name.known, name.failure, script.changes]).toEqual([['192.0.2.1'], { code, since }, 1]);
    script.next = { records: ['192.0.2.1'], ttlMs: 1_000 };
    await pass(5_000);
    expect(name.failure).toBeNull();
    expect(script.told).toEqual([`lost ${code}`, 'found 192.0.2.1']);
  });

  test('is told when it changes, not when it is found for the first time', async () => {
    const { script } = watched({ records: ['192.0.2.1'], ttlMs: 1_000 });
    await pass(0);
    script.next = { records: ['192.0.2.2'], ttlMs: 1_000 };
    await pass(2_000);
    expect(script.told).toEqual(['found 192.0.2.2']);
  });

  test('is told once where it is not found from the beginning', async () => {
    const { script } = watched({ code: 'ENOTFOUND' });
    await pass(3_000);
    script.next = { records: ['192.0.2.2'], ttlMs: 1_000 };
    await pass(1_000);
    expect(script.told).toEqual(['never found ENOTFOUND', 'found 192.0.2.2']);
  });
});

describe('whoever waits for the first answer', () => {
  test.each<[string, Next]>([
    ['goes on when it is there', { records: ['192.0.2.1'], ttlMs: 1_000 }],
    ['goes on when there is none', { code: 'ENOTFOUND' }],
  ])('%s', async (_what, answer) => {
    const { name } = watched(answer);
    await name.answered;
    expect(name.known).toHaveLength('code' in answer ? 0 : 1);
  });

  test('does not wait for longer than two seconds', async () => {
    const silent = { ask: () => new Promise<never>(() => {}), found() {}, failed() {}, close() {} };
    const name = new WatchedName(silent);
    onTestFinished(() => name.close());
    let over = false;
    void name.answered.then(() => {
      over = true;
    });
    await pass(1_999);
    expect(over).toBe(false);
    await pass(1);
    expect(over).toBe(true);
  });
});
