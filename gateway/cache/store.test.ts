import { describe, expect, it, vi } from 'vitest';
import { lookUp } from './cache-lookup.ts';
import type { Entries, Entry, FieldMap } from './entry.ts';
import type { Feed } from './feed.ts';
import { Fetched, type FetchWatcher } from './fetched.ts';
import { MemoryEntries } from './memory-entries.ts';
import type { CacheQuery } from './storable.ts';
import { CacheStore } from './store.ts';

const KIB = 1024;
const RULES = {
  entryMaxBytes: 32 * KIB,
  errors: false,
  heuristic: false,
  staleIfErrorMs: 0,
  staleWhileRevalidateMs: 0,
};

const query = (path: string): CacheQuery => ({ origin: 'http://a.test', method: 'GET', path, fields: {} });

/** Whom an answer is fetched for, and what was told of it. */
class Asking implements FetchWatcher {
  readonly told: string[] = [];
  text = '';
  informational(): void {}
  answered(_head: unknown, feed: Feed): void {
    const data = (piece: Buffer) => {
      this.text += piece;
      return true;
    };
    const end = () => this.told.push('whole');
    feed.read({ data, end, fail: () => this.told.push('broken'), heldUp() {} }).resume();
  }
  standsFor(entry: { body: Buffer }, stale: boolean): void {
    this.told.push(`${stale ? 'stale' : 'right'} ${entry.body}`);
  }
  again(): void {
    this.told.push('again');
  }
  failed(): void {
    this.told.push('failed');
  }
  flows(): void {}
  ended(how: string): void {
    this.told.push(how);
  }
}

function storeOf(entries: Entries = new MemoryEntries(64 * KIB), problem = vi.fn()): CacheStore {
  return new CacheStore(entries, 64 * KIB, RULES, problem);
}

interface Asked {
  readonly fetched: Fetched;
  readonly asking: Asking;
}

function ask(store: CacheStore, path: string, about?: Entry): Asked {
  const asking = new Asking();
  return { asking, fetched: new Fetched(query(path), store, about, asking, () => {}) };
}

/** Begins to answer. */
function begin(store: CacheStore, path: string, fields: readonly string[] = ['Cache-Control', 'max-age=60']) {
  const asked = ask(store, path);
  asked.fetched.head(200, 'OK', fields);
  return asked;
}

function finish({ fetched }: Asked, ...chunks: string[]): void {
  for (const chunk of chunks) fetched.write(Buffer.from(chunk));
  fetched.end();
}

const textOf = (store: CacheStore, path: string, fields: FieldMap = {}) =>
  store.find(query(path), fields)?.body.toString();

describe('an answer', () => {
  it('is kept when it is whole, in one piece', () => {
    const store = storeOf();
    const asked = begin(store, '/a');
    asked.fetched.write(Buffer.from('ab'));
    expect(textOf(store, '/a')).toBeUndefined();
    finish(asked, 'cd');
    expect(asked.asking).toMatchObject({ told: ['whole', 'kept'], text: 'abcd' });
    expect(textOf(store, '/a')).toBe('abcd');
  });

  it('that breaks off is not kept, and leaves the one before it', () => {
    const store = storeOf();
    finish(begin(store, '/a'), 'old');
    const broken = begin(store, '/a');
    broken.fetched.write(Buffer.from('ne'));
    broken.fetched.abort();
    expect(broken.asking.told).toEqual(['broken', 'failed']);
    expect(textOf(store, '/a')).toBe('old');
  });

  it('that grows too large is not kept, and its client gets all of it', () => {
    const store = storeOf();
    const asked = begin(store, '/a');
    finish(asked, 'x'.repeat(20 * KIB), 'x'.repeat(20 * KIB));
    expect([asked.fetched.notKept, asked.asking.text.length, store.size.entries]).toEqual([
      'too-large',
      40 * KIB,
      0,
    ]);
    expect(asked.asking.told).toEqual(['not-kept', 'whole']);
  });

  it('that has become old meanwhile is not kept', () => {
    const store = storeOf();
    const asked = begin(store, '/a');
    asked.fetched.outdate({ origin: null, path: '/a', query: null, below: false });
    finish(asked, 'x');
    expect([asked.asking.told, store.size.entries]).toEqual([['gone', 'whole'], 0]);
  });

  it('never asks for a pause as long as its reader takes it', () => {
    expect(begin(storeOf(), '/a').fetched.write(Buffer.alloc(30 * KIB))).toBe(true);
  });
});

describe('what is kept', () => {
  const kept = (fields: readonly string[]) => {
    const store = storeOf();
    finish(begin(store, '/a', fields), 'old');
    return { store, entry: store.find(query('/a'), {})! };
  };
  const MINUTE = ['Cache-Control', 'max-age=60, stale-if-error=60', 'ETag', '"1"'];

  it('is the answer where a 304 says that it is right', () => {
    const { store, entry } = kept(MINUTE);
    const asked = ask(store, '/a', entry);
    asked.fetched.head(304, '', ['ETag', 'W/"1"', 'X-New', '1']);
    asked.fetched.end();
    expect(asked.asking.told).toEqual(['right old', 'kept']);
    expect(store.find(query('/a'), {})?.headers['x-new']).toBe('1');
  });

  it('is not where a 304 is about something else', () => {
    const { store, entry } = kept(MINUTE);
    const asked = ask(store, '/a', entry);
    asked.fetched.head(304, '', ['ETag', '"2"']);
    asked.fetched.end();
    expect(asked.asking.told).toEqual(['again']);
  });

  it.each([
    ['answers 503', (fetched: Fetched) => fetched.head(503, '', [])],
    ['does not answer', (fetched: Fetched) => fetched.fail(new Error('refused'))],
  ])('stands in, where that is allowed, for a service that %s', (_what, fail) => {
    const { store, entry } = kept(MINUTE);
    const asked = ask(store, '/a', entry);
    fail(asked.fetched);
    expect(asked.asking.told).toEqual(['stale old', 'failed']);
    const strict = ask(store, '/a', { ...entry, neverStale: true });
    strict.fetched.fail(new Error('refused'));
    expect(strict.asking.told).toEqual(['failed', 'failed']);
  });

  it.each(['no-store', 'private', 'max-age=0'])(
    'is forgotten when the service says %s instead',
    (directive) => {
      const { store, entry } = kept(MINUTE);
      const asked = ask(store, '/a', entry);
      asked.fetched.head(200, '', ['Cache-Control', directive]);
      expect(store.size.entries).toBe(0);
    },
  );
});

describe('what is being written', () => {
  it('takes its room from what is kept, and what finds none is not kept', () => {
    const store = storeOf();
    for (let i = 0; i < 20; i++) finish(begin(store, `/${i}`), 'x'.repeat(2 * KIB));
    const asked = [begin(store, '/a'), begin(store, '/b'), begin(store, '/c')];
    for (const { fetched } of asked) fetched.write(Buffer.alloc(30 * KIB));
    expect(store.size.bytes).toBeLessThanOrEqual(4 * KIB);
    expect(asked.map(({ asking }) => asking.told)).toEqual([[], [], ['not-kept']]);
    finish(asked[0]!);
    expect(store.size.bytes).toBeLessThanOrEqual(34 * KIB);
    asked[1]!.fetched.abort();
    finish(begin(store, '/d'), 'x'.repeat(30 * KIB));
    expect(textOf(store, '/d')).toBeDefined();
  });

  it('weighs what it takes in memory, in however small pieces it comes', () => {
    const store = storeOf();
    const asked = begin(store, '/a');
    finish(asked, ...Array<string>(600).fill('x'));
    expect([asked.fetched.notKept, asked.asking.text.length, asked.asking.told]).toEqual([
      'no-room',
      600,
      ['not-kept', 'whole'],
    ]);
    finish(begin(store, '/b'), 'x'.repeat(30 * KIB));
    expect(textOf(store, '/b')).toBeDefined();
  });
});

it('a miss is known by what answers of its URL were chosen by, shortly however long that is', () => {
  const store = storeOf();
  finish(begin(store, '/a', ['Cache-Control', 'max-age=60', 'Vary', 'Accept']), 'text');
  const keyOf = (last: string) => lookUp(store, query('/a'), { accept: 'x'.repeat(9_000) + last }).key;
  expect(keyOf('a').length).toBeLessThan(600);
  expect(keyOf('a')).toBe(keyOf('a'));
  expect(keyOf('a')).not.toBe(keyOf('b'));
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
    forgetGroup: fail,
    close() {},
  };

  it('are a cache that misses', () => {
    const problem = vi.fn();
    const store = storeOf(broken, problem);
    expect([textOf(store, '/a'), store.variesBy(query('/a')), store.forget(() => true)]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    store.delete(query('/a'));
    const asked = begin(store, '/a');
    finish(asked, 'x');
    expect(asked.asking.told).toEqual(['whole', 'not-kept']);
    expect(problem).toHaveBeenCalledWith(new Error('disk full'));
  });
});
