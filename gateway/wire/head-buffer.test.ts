import { describe, expect, test } from 'vitest';
import { HeadBuffer } from './head-buffer.ts';

describe('a head in pieces', () => {
  const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\nbody';
  const bytes = Buffer.from(text);
  const whole = text.indexOf('body');

  test('is put together, and what stands behind it is left', () => {
    for (let cut = 1; cut < whole; cut++) {
      const head = new HeadBuffer(100);
      expect(head.add(bytes, 0, cut)).toBe(-1);
      expect(head.add(bytes, cut, bytes.length)).toBe(whole - cut);
      expect(head.take()).toBe(text.slice(0, whole));
      expect(head.length).toBe(0);
    }
  });

  test('may come byte by byte', () => {
    const head = new HeadBuffer(100);
    for (let at = 0; at < whole; at++) expect(head.add(bytes, at, at + 1)).toBe(at === whole - 1 ? 1 : -1);
    expect(head.overflows).toBe(false);
  });

  test('that come byte by byte is looked at when a line ends, and now and then', () => {
    const long = Buffer.from(`GET / HTTP/1.1\r\nX-Long: ${'a'.repeat(10_000)}\r\n`);
    const head = new HeadBuffer(16_384);
    const looks: number[] = [];
    for (let at = 0; at < long.length; at++) {
      head.add(long, at, at + 1);
      if (head.due(at)) looks.push(at);
    }
    expect(looks).toEqual(expect.arrayContaining([15, long.length - 1]));
    expect(looks.length).toBeLessThan(20);
  });

  test('is looked at for every byte beyond its bound', () => {
    const head = new HeadBuffer(10);
    const looks = Array.from({ length: 12 }, (_, at) => {
      head.add(Buffer.from('a'), 0, 1);
      return head.due(at);
    });
    expect(looks.slice(8)).toEqual([false, true, true, true]);
  });

  test('is kept no further than its bound, and tells that it has crossed it', () => {
    const head = new HeadBuffer(whole - 1);
    head.add(bytes, 0, 5);
    expect(head.overflows).toBe(false);
    head.add(bytes, 5, bytes.length);
    expect(head.overflows).toBe(true);
    const endless = new HeadBuffer(100);
    for (let i = 0; i < 100; i++) expect(endless.add(Buffer.alloc(1000, 'a'), 0, 1000)).toBe(-1);
    expect([endless.overflows, endless.length]).toEqual([true, 104]);
  });
});
