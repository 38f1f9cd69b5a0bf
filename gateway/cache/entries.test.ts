import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeCollector } from '../exchange/collector.ts';
import { until } from '../proof/testing/poll.ts';
import { AnswerText } from '../wire/head-text.ts';
import { Compressor } from './compressor.ts';
import { codedUrl, type Entries, type Entry } from './entry.ts';
import { FileEntries } from './file-entries.ts';
import { hitHeadOf } from './hit-head.ts';
import { MemoryEntries } from './memory-entries.ts';
import { RouteCache } from './route-cache.ts';
import { CacheStore } from './store.ts';
import { Selecting } from './vary.ts';

const MIB = 1024 * 1024;
const RULES = {
  ...{ entryMaxBytes: MIB, errors: false, heuristic: false },
  ...{ staleIfErrorMs: 0, staleWhileRevalidateMs: 0 },
};
const TERMS = { alwaysAsked: false, neverStale: false, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };

interface Overrides extends Partial<Entry> {
  readonly text?: string;
}

function entry(path: string, { text = '', ...overrides }: Overrides = {}): Entry {
  const now = Date.now();
  const instants = { cachedAt: now, staleAt: now + 60_000, deleteAt: now + 120_000 };
  const value = {
    statusCode: 200,
    statusMessage: 'OK',
    headers: { date: 'today' },
    ...TERMS,
    groups: [],
    bodyId: 0,
    ...instants,
  };
  return { origin: 'http://a.test', path, ...value, body: Buffer.from(text), ...overrides };
}

const at = (path: string, origin = 'http://a.test') => ({ origin, path });

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portway-entries-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'cache.db');
}

const kinds: readonly [string, (maxBytes: number) => Entries][] = [
  ['memory', (maxBytes) => new MemoryEntries(maxBytes)],
  ['a file', (maxBytes) => new FileEntries({ file: file(), maxBytes, signature: '' })],
];

describe.each(kinds)('entries in %s', (_kind, open) => {
  it('come back as they were put', () => {
    const entries = open(MIB);
    const put = entry('/a', {
      text: 'text',
      statusCode: 404,
      headers: { link: ['<a>', '<b>'], etag: '"1"' },
      vary: { accept: 'x', 'accept-language': null },
      alwaysAsked: true,
      staleIfErrorMs: 60_000,
    });
    expect(entries.put(put, { accept: 'x' })).toBe(true);
    expect(entries.find(at('/a'), { accept: 'x' })).toEqual(put);
    entries.close();
  });

  it.each([
    ['another path', at('/b'), { accept: 'x' }],
    ['another query', at('/a?'), { accept: 'x' }],
    ['another origin', at('/a', 'http://b.test'), { accept: 'x' }],
    ['another field', at('/a'), { accept: 'y' }],
    ['a field that is not there', at('/a'), {}],
    ['a field twice', at('/a'), { accept: ['x', 'x'] }],
    ['a field too many', at('/a'), { accept: 'x', 'accept-language': 'en' }],
  ])('are not found by %s', (_what, url, fields) => {
    const entries = open(MIB);
    entries.put(entry('/a', { vary: { accept: 'x', 'accept-language': null } }), { accept: 'x' });
    expect(entries.find(url, fields)).toBeUndefined();
    entries.close();
  });

  it('are found by all values of a repeated field, in order', () => {
    const entries = open(MIB);
    entries.put(entry('/a', { vary: { accept: 'x, y' } }), { accept: ['x', 'y'] });
    expect(entries.find(at('/a'), { accept: ['x', 'y'] })).toBeDefined();
    expect(entries.find(at('/a'), { accept: ['y', 'x'] })).toBeUndefined();
    entries.close();
  });

  it('are not found by the name of another user, however alike', () => {
    const entries = open(MIB);
    const fields = { 'x-forwarded-user': 'a,b' };
    entries.put(entry('/a', { vary: new Selecting(fields).by(Object.keys(fields)) }), fields);
    expect(entries.find(at('/a'), fields)).toBeDefined();
    expect(entries.find(at('/a'), { 'x-forwarded-user': 'a, b' })).toBeUndefined();
    entries.close();
  });

  it('replace what fitted the same request, whatever it varied by', () => {
    const entries = open(MIB);
    entries.put(entry('/a', { text: 'old', vary: { accept: 'x' } }), { accept: 'x' });
    entries.put(entry('/a', { text: 'other', vary: { accept: 'y' } }), { accept: 'y' });
    entries.put(entry('/a', { text: 'new', vary: { 'x-b': '1' } }), { accept: 'x', 'x-b': '1' });
    expect(entries.count).toBe(2);
    expect(entries.find(at('/a'), { accept: 'x', 'x-b': '1' })?.body.toString()).toBe('new');
    expect(entries.find(at('/a'), { accept: 'y' })?.body.toString()).toBe('other');
    expect(entries.variesBy(at('/a'))).toEqual(new Set(['accept', 'x-b']));
    expect(entries.variesBy(at('/b'))).toBeUndefined();
    entries.close();
  });

  it('go when they are of no use any more', () => {
    const entries = open(MIB);
    entries.put(entry('/a', { deleteAt: Date.now() - 1 }), {});
    expect(entries.find(at('/a'), {})).toBeUndefined();
    expect([entries.count, entries.bytes]).toEqual([0, 0]);
    entries.close();
  });

  it('make room for newer ones, those first that were not asked for', () => {
    const entries = open(10 * 1024);
    for (let i = 0; i < 100; i++) {
      entries.put(entry(`/${i}`), {});
      if (_kind === 'memory') entries.find(at('/0'), {});
      expect(entries.bytes).toBeLessThanOrEqual(10 * 1024);
    }
    expect(entries.find(at('/99'), {})).toBeDefined();
    expect(entries.find(at('/50'), {})).toBeUndefined();
    if (_kind === 'memory') expect(entries.find(at('/0'), {})).toBeDefined();
    entries.close();
  });

  it('that are too heavy are not kept, and take nothing else with them', () => {
    const entries = open(10 * 1024);
    entries.put(entry('/a'), {});
    expect(entries.put(entry('/b', { text: 'x'.repeat(10 * 1024) }), {})).toBe(false);
    expect([entries.count, entries.find(at('/a'), {}) !== undefined]).toEqual([1, true]);
    entries.close();
  });

  it('of one URL are at most 64, the newest', () => {
    const entries = open(MIB);
    for (let i = 0; i < 100; i++) entries.put(entry('/a', { vary: { accept: `${i}` } }), { accept: `${i}` });
    expect(entries.count).toBe(64);
    expect(entries.find(at('/a'), { accept: '35' })).toBeUndefined();
    expect(entries.find(at('/a'), { accept: '36' })).toBeDefined();
    entries.close();
  });

  it('of one URL differ by at most 32 fields, of the newest', () => {
    const entries = open(MIB);
    const chosen = (i: number) =>
      Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`x-${i}-${at}`, 'x']));
    for (let i = 0; i < 10; i++) entries.put(entry('/a', { vary: chosen(i) }), chosen(i));
    expect(entries.variesBy(at('/a'))?.size).toBe(30);
    expect(entries.find(at('/a'), chosen(6))).toBeUndefined();
    expect(entries.find(at('/a'), chosen(7))).toBeDefined();
    entries.close();
  });

  it('are forgotten by URL, everywhere or at one place, and weigh nothing then', () => {
    const entries = open(MIB);
    for (const path of ['/a', '/%61', '/a?x', '/b']) entries.put(entry(path), {});
    entries.put(entry('/a', { vary: { accept: '1' }, origin: 'http://b.test' }), { accept: '1' });
    entries.put(entry('/a', { vary: { accept: '2' }, origin: 'http://b.test' }), { accept: '2' });
    const seen: string[] = [];
    expect(entries.forget(({ path }) => seen.push(path) > 0 && path === '/a', '/a')).toBe(2);
    expect([...new Set(seen)].sort()).toEqual(['/%61', '/a', '/a?x']);
    expect(entries.count).toBe(3);
    expect(entries.forget(() => true)).toBe(3);
    expect([entries.count, entries.bytes]).toEqual([0, 0]);
    entries.close();
  });

  it.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 0, 2]]])('of one path go by origin, in the order %j', (order) => {
    const entries = open(MIB);
    const origins = ['http://a.test', 'http://b.test', 'http://c.test'];
    for (const origin of origins) entries.put(entry('/a?1', { origin }), {});
    const left = new Set(origins);
    for (const index of order) {
      const gone = origins[index]!;
      expect(entries.forget(({ origin }) => origin === gone, '/a')).toBe(1);
      left.delete(gone);
      expect(origins.filter((origin) => entries.find(at('/a?1', origin), {}))).toEqual([...left]);
    }
    expect(entries.forget(() => true, '/a')).toBe(0);
    entries.close();
  });

  it.each(['x', 'y', 'z'])('of one URL stay when the variant %s of it is replaced', (accept) => {
    const entries = open(MIB);
    const put = (chosen: string, text: string) =>
      entries.put(entry('/a', { text, vary: { accept: chosen } }), { accept: chosen });
    for (const chosen of ['x', 'y', 'z']) put(chosen, 'old');
    put(accept, 'new');
    const texts = ['x', 'y', 'z'].map((chosen) => String(entries.find(at('/a'), { accept: chosen })?.body));
    expect(texts).toEqual(['x', 'y', 'z'].map((chosen) => (chosen === accept ? 'new' : 'old')));
    expect(entries.count).toBe(3);
    entries.close();
  });

  it('shrink on demand', () => {
    const entries = open(MIB);
    for (let i = 0; i < 100; i++) entries.put(entry(`/${i}`), {});
    entries.shrinkTo(5 * 1024);
    expect(entries.bytes).toBeLessThanOrEqual(5 * 1024);
    expect(entries.find(at('/99'), {})).toBeDefined();
    entries.close();
  });
});

describe('a file of entries', () => {
  it('knows its weight when it is opened again, and keeps to a smaller bound', () => {
    const name = file();
    const first = new FileEntries({ file: name, maxBytes: MIB, signature: 'a' });
    for (let i = 0; i < 50; i++) first.put(entry(`/${i}`), {});
    const { bytes } = first;
    first.close();
    const second = new FileEntries({ file: name, maxBytes: MIB, signature: 'a' });
    expect([second.bytes, second.count]).toEqual([bytes, 50]);
    second.close();
    const third = new FileEntries({ file: name, maxBytes: bytes / 2, signature: 'a' });
    expect(third.bytes).toBeLessThanOrEqual(bytes / 2);
    expect(third.count).toBeGreaterThan(20);
    third.close();
  });

  it('gives what an older version kept, whose body ids are UUIDs, and its compressed form', () => {
    const options = { file: file(), maxBytes: MIB, signature: 'a' };
    const bodyId = '8f14e45f-ceea-467f-a0e6-8d1f3c2b9a10' as unknown as number;
    const kept = entry('/a', { text: 'text', bodyId });
    const first = new FileEntries(options);
    first.put(kept, {});
    first.put({ ...kept, ...codedUrl(kept, 'gzip'), body: Buffer.from('coded') }, {});
    first.close();
    const second = new FileEntries(options);
    onTestFinished(() => second.close());
    const store = new CacheStore(second, MIB, RULES, (cause) => expect(cause).toBeUndefined());
    const cache = new RouteCache(store, new Compressor());
    const found = cache.find({ ...at('/a'), method: 'GET', fields: {} });
    expect(String(found?.body)).toBe('text');
    expect(String(cache.coded(found!, {}, 'gzip'))).toBe('coded');
  });

  it('forgets what it kept for something else', () => {
    const name = file();
    const first = new FileEntries({ file: name, maxBytes: MIB, signature: 'a' });
    first.put(entry('/a'), {});
    first.close();
    const second = new FileEntries({ file: name, maxBytes: MIB, signature: 'b' });
    expect([second.count, second.find(at('/a'), {})]).toEqual([0, undefined]);
    second.close();
  });
});

const PAGE_BYTES = 16_384;
/** A leaf without cells (https://www.sqlite.org/fileformat.html, 1.6). */
const EMPTY_INDEX = Buffer.alloc(PAGE_BYTES);
EMPTY_INDEX[0] = 0x0a;
EMPTY_INDEX.writeUInt16BE(PAGE_BYTES, 5);

/** A file with these entries that somebody has changed meanwhile. */
function changed(
  entries: readonly Entry[],
  change: string | ((file: string, database: DatabaseSync) => void),
  maxBytes = MIB,
) {
  const options = { file: file(), maxBytes: MIB, signature: 'a' };
  const first = new FileEntries(options);
  for (const each of entries) first.put(each, { accept: 'x' });
  first.close();
  const database = new DatabaseSync(options.file);
  if (typeof change === 'string') database.exec(change);
  else change(options.file, database);
  database.close();
  const opened = new FileEntries({ ...options, maxBytes });
  onTestFinished(() => opened.close());
  return opened;
}

describe('an entry of a file in which a byte has changed', () => {
  it.each([
    ['its body', "body = CAST('texT' AS BLOB)", 'x'],
    ['its status', "value = replace(value, '200', '201')", 'x'],
    ['what it varies by', `vary = '{"accept":"y"}'`, 'y'],
  ])('is given no more: %s', (_what, change, accept) => {
    const entries = changed(
      [entry('/a', { text: 'text', vary: { accept: 'x' } })],
      `UPDATE entry SET ${change}`,
    );
    expect([entries.find(at('/a'), { accept }), entries.count]).toEqual([undefined, 0]);
  });

  it('is still forgotten, and keeps no other from being given or forgotten', () => {
    const both = [entry('/a', { vary: { accept: 'x' } }), entry('/b')];
    const entries = changed(both, `UPDATE entry SET vary = '{"accept":x"}' WHERE path = '/a'`);
    expect(entries.find(at('/a'), { accept: 'x' })).toBeUndefined();
    expect(entries.find(at('/b'), {})).toBeDefined();
    expect(entries.forget(() => true)).toBe(2);
    expect([entries.count, entries.bytes]).toEqual([0, 0]);
  });

  it.each(['-1e15', "'x'", '9e18'])('does not lift the bounds of the file: it weighs %s', (weight) => {
    const both = [entry('/a'), entry('/b')];
    const entries = changed(both, `UPDATE entry SET weight = ${weight} WHERE path = '/a'`);
    expect([entries.count, entries.bytes]).toEqual([1, changed([entry('/b')], '').bytes]);
  });
});

describe('a file that is damaged', () => {
  it.each([
    ['it lacks a table', 'DROP TABLE grouped'],
    ['a page of it is no page', spoilt('entry')],
  ])('is made anew when it is opened: %s', (_what, change) => {
    const entries = changed([entry('/a')], change);
    expect(entries.count).toBe(0);
    expect(entries.put(entry('/b', { groups: ['g'] }), {})).toBe(true);
    expect(entries.find(at('/b'), {})).toBeDefined();
  });

  it.each([
    ['looked for', (entries: Entries) => expect(() => entries.find(at('/a'), {})).toThrow('malformed')],
    ['kept', (entries: Entries) => expect(() => entries.put(entry('/a'), {})).toThrow('malformed')],
  ])('is made anew when something is %s', (_what, use) => {
    const entries = changed([entry('/a'), entry('/b')], spoilt('entry_url'));
    use(entries);
    expect([entries.count, entries.bytes]).toEqual([0, 0]);
    entries.put(entry('/b'), {});
    expect(entries.find(at('/b'), {})).toBeDefined();
  });

  it('is made anew when it must shrink, and does not say by what', () => {
    const both = [entry('/a'), entry('/b')];
    const entries = changed(both, spoilt('entry_use', EMPTY_INDEX), 2_000);
    expect([entries.count, entries.bytes]).toEqual([0, 0]);
  });

  it('has nothing any more that was to be forgotten from it', () => {
    const entries = changed([entry('/a'), entry('/b')], spoilt('entry_place'));
    entries.forget(({ path }) => path === '/a', '/a');
    expect([entries.find(at('/a'), {}), entries.count]).toEqual([undefined, 0]);
  });

  it('and can’t be made anew has nothing, until that can be done', () => {
    const name = file();
    const entries = new FileEntries({ file: name, maxBytes: MIB, signature: 'a' });
    onTestFinished(() => entries.close());
    entries.put(entry('/a'), {});
    const purge = () =>
      entries.forget(() => {
        throw new Error('damaged');
      });
    rmSync(dirname(name), { recursive: true });
    writeFileSync(dirname(name), '');
    expect(purge).toThrow('ENOTDIR');
    expect([entries.count, entries.bytes]).toEqual([0, 0]);
    // As a reload does that takes the route away.
    entries.close();
    rmSync(dirname(name));
    purge();
    expect(entries.put(entry('/b'), {})).toBe(true);
  });
});

/** Puts something else, or nonsense, in the place of the page at which a table or an index begins. */
function spoilt(
  name: string,
  page = Buffer.alloc(PAGE_BYTES, 0xff),
): (file: string, database: DatabaseSync) => void {
  return (file, database) => {
    const { rootpage } = database.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?').get(name) as {
      rootpage: number;
    };
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, page, 0, PAGE_BYTES, (rootpage - 1) * PAGE_BYTES);
    closeSync(descriptor);
  };
}

describe('on a full disk', () => {
  it('what can still be read is given', () => {
    const entries = changed(
      [entry('/a')],
      `UPDATE entry SET usedAt = 0;
       CREATE TRIGGER full BEFORE UPDATE ON entry BEGIN SELECT RAISE(FAIL, 'disk full'); END`,
    );
    expect(entries.find(at('/a'), {})).toBeDefined();
  });

  it('a file that can’t shrink is not used, and not locked', () => {
    const options = { file: file(), maxBytes: MIB, signature: 'a' };
    const first = new FileEntries(options);
    first.put(entry('/a'), {});
    first.close();
    const database = new DatabaseSync(options.file);
    database.exec('CREATE TRIGGER full BEFORE DELETE ON entry BEGIN SELECT abs(-1 << 63); END');
    database.close();
    for (let at = 0; at < 2; at++)
      expect(() => new FileEntries({ ...options, maxBytes: 1 })).toThrow('overflow');
  });

  it('what is to be forgotten from a file and can’t be goes with all the rest', () => {
    const entries = changed(
      [entry('/a'), entry('/b')],
      "CREATE TRIGGER full BEFORE DELETE ON entry BEGIN SELECT RAISE(FAIL, 'disk full'); END",
    );
    expect(entries.forget(({ path }) => path === '/a')).toBe(2);
    expect([entries.find(at('/a'), {}), entries.count, entries.bytes]).toEqual([undefined, 0, 0]);
    entries.put(entry('/c'), {});
    expect(entries.find(at('/c'), {})).toBeDefined();
  });
});

/** As a client's head of 16 KiB says them. */
function cutOut(i: number): Entry {
  const head = Buffer.from(`/a-path-of-some-length/${i} a-language-of-some-length ${'x'.repeat(16_000)}`);
  const [path, language] = head.toString('latin1').split(' ') as [string, string];
  return entry(path, { vary: { 'accept-language': language } });
}

/** As the first hit leaves it. */
function answered(i: number): Entry {
  const names = Array.from({ length: 12 }, (_, at) => [`x-field-${at}`, `${i} and some value`]);
  const kept = entry(`/${i}`, { headers: Object.fromEntries(names) });
  new AnswerText().again('GET', 200, 'OK', hitHeadOf(kept).at(1)!, [], false);
  return kept;
}

describe('what entries weigh', () => {
  const collector = nodeCollector;

  function held(): number {
    collector.all();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  }

  it.each([
    ['long URLs', (i: number) => entry(`/${i}?${'x'.repeat(8_000)}`), 8_000],
    [
      'fields',
      (i: number) => entry(`/${i}`, { headers: { etag: `"${i}${'x'.repeat(2_000)}"`, link: [`<${i}>`] } }),
    ],
    ['bodies', (i: number) => entry(`/${i}`, { body: Buffer.alloc(20_000, i) }), 4_000],
    ['nothing but their number', (i: number) => entry(`/${i}`)],
    ['what was cut out of long heads', cutOut],
    ['heads of hits', answered],
  ])('is what they take of memory: %s', async (_what, make, count = 20_000) => {
    const before = held();
    const entries = new MemoryEntries(16 * MIB);
    for (let i = 0; i < count; i++) entries.put(make(i), {});
    expect(entries.bytes).toBeGreaterThan(15 * MIB);
    // What the test runner itself takes meanwhile is in it, and the memory of buffers is given back a turn after they were collected.
    await until('no more than 26 MiB are held', () => held() - before < 26 * MIB);
    entries.close();
  });
});
