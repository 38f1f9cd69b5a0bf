import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { CacheKey, CacheValue, Entries } from './entry.ts';
import { MemoryEntries } from './memory-entries.ts';
import { CacheStore, type Recording } from './store.ts';
import type { Writing } from './writing.ts';

const KIB = 1024;

const key = (path: string): CacheKey => ({ origin: 'http://a.test', method: 'GET', path, headers: {} });

function value(overrides: Partial<CacheValue> = {}): CacheValue {
  const now = Date.now();
  const instants = { cachedAt: now, staleAt: now + 60_000, deleteAt: now + 120_000 };
  return {
    statusCode: 200,
    statusMessage: 'OK',
    headers: {},
    cacheControlDirectives: { 'max-age': 60 },
    ...instants,
    ...overrides,
  };
}

class TestRecording implements Recording {
  outdated = false;
  writing: Writing | null = null;
  kept: boolean | null = null;

  begun(writing: Writing): void {
    this.writing = writing;
  }

  settled(kept: boolean): void {
    this.kept = kept;
  }
}

function storeOf(entries: Entries = new MemoryEntries(64 * KIB), problem = vi.fn()): CacheStore {
  return new CacheStore(entries, { maxBytes: 64 * KIB, entryMaxBytes: 32 * KIB }, problem);
}

/** Begins to keep an answer, as undici does. */
function begin(store: CacheStore, path: string, overrides: Partial<CacheValue> = {}): TestRecording {
  const recording = new TestRecording();
  store.recording(recording, () => void store.createWriteStream(key(path), value(overrides)));
  return recording;
}

async function finish({ writing }: TestRecording, ...chunks: string[]): Promise<void> {
  for (const chunk of chunks) writing!.write(chunk);
  writing!.end();
  await once(writing!, 'close');
}

describe('an answer', () => {
  it('is kept when it is whole, in one piece', async () => {
    const store = storeOf();
    const recording = begin(store, '/a');
    recording.writing!.write('ab');
    expect(store.get(key('/a'))).toBeUndefined();
    await finish(recording, 'cd');
    expect(recording.kept).toBe(true);
    expect(store.get(key('/a'))?.body.map(String)).toEqual(['abcd']);
    expect(store.get({ ...key('/a'), method: 'HEAD' })?.statusCode).toBe(200);
  });

  it('that breaks off is not kept, and leaves the one before it', async () => {
    const store = storeOf();
    await finish(begin(store, '/a'), 'old');
    const broken = begin(store, '/a');
    const errors = vi.fn();
    broken.writing!.on('error', errors).write('ne');
    broken.writing!.destroy(new Error('reset'));
    await once(broken.writing!, 'close');
    expect([broken.kept, errors.mock.calls.length]).toEqual([false, 0]);
    expect(store.get(key('/a'))?.body.map(String)).toEqual(['old']);
  });

  it.each([
    ['grows too large', async (recording: TestRecording) => recording.writing!.write('x'.repeat(33 * KIB))],
    [
      'has become old meanwhile',
      async (recording: TestRecording) => {
        recording.outdated = true;
        recording.writing!.end('x');
      },
    ],
  ])('that %s is not kept', async (_what, go) => {
    const store = storeOf();
    const recording = begin(store, '/a');
    const closed = once(recording.writing!, 'close');
    await go(recording);
    await closed;
    expect([recording.kept, store.size.entries]).toEqual([false, 0]);
  });

  it('never asks for a pause', () => {
    expect(begin(storeOf(), '/a').writing!.write('x'.repeat(30 * KIB))).toBe(true);
  });

  it('that nobody fetches, or that is old already, is not begun', () => {
    const store = storeOf();
    expect(store.createWriteStream(key('/a'), value())).toBeUndefined();
    const old = new TestRecording();
    old.outdated = true;
    store.recording(old, () => expect(store.createWriteStream(key('/a'), value())).toBeUndefined());
  });

  it.each([
    ['another method', { ...key('/a'), method: 'HEAD' }, {}],
    ['a status of the client', key('/a'), { statusCode: 400 }],
    ['no word of how long', key('/a'), { cacheControlDirectives: { public: true as const } }],
    ['a cookie of the service', key('/a'), { headers: { 'set-cookie': 'a=b' } }],
    ['a cookie of the client', { ...key('/a'), headers: { cookie: 'a=b' } }, {}],
    ['an address to vary by', key('/a'), { vary: { 'x-real-ip': null } }],
    ['a length that is too much', key('/a'), { headers: { 'content-length': `${33 * KIB}` } }],
    ['events', key('/a'), { headers: { 'content-type': 'Text/Event-Stream; charset=utf-8' } }],
  ])('with %s is not begun', (_what, asked, overrides) => {
    const store = storeOf();
    store.recording(new TestRecording(), () =>
      expect(store.createWriteStream(asked, value(overrides))).toBeUndefined(),
    );
  });
});

describe('what is being written', () => {
  it('takes its room from what is kept, and what finds none is not kept', async () => {
    const store = storeOf();
    for (let i = 0; i < 20; i++) await finish(begin(store, `/${i}`), 'x'.repeat(2 * KIB));
    const writings = [begin(store, '/a'), begin(store, '/b'), begin(store, '/c')];
    for (const { writing } of writings) writing!.write('x'.repeat(30 * KIB));
    expect(store.size.bytes).toBeLessThanOrEqual(4 * KIB);
    await once(writings[2]!.writing!, 'close');
    expect(writings.map(({ kept }) => kept)).toEqual([null, null, false]);
    await finish(writings[0]!);
    expect(store.size.bytes).toBeLessThanOrEqual(34 * KIB);
    writings[1]!.writing!.destroy();
    await once(writings[1]!.writing!, 'close');
    await finish(begin(store, '/d'), 'x'.repeat(30 * KIB));
    expect(store.get(key('/d'))).toBeDefined();
  });
});

describe('entries that fail', () => {
  const fail = () => {
    throw new Error('disk full');
  };
  const broken: Entries = {
    bytes: 0,
    count: 0,
    find: fail,
    variesBy: fail,
    put: fail,
    shrinkTo: fail,
    forget: fail,
    close() {},
  };

  it('are a cache that misses', async () => {
    const problem = vi.fn();
    const store = storeOf(broken, problem);
    expect([store.get(key('/a')), store.variesBy(key('/a')), store.forget(() => true)]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    store.delete(key('/a'));
    const recording = begin(store, '/a');
    await finish(recording, 'x');
    expect(recording.kept).toBe(false);
    expect(problem).toHaveBeenCalledWith(new Error('disk full'));
  });
});
