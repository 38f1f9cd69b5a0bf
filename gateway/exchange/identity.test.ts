import { describe, expect, test } from 'vitest';
import { IdentitySource, isTraceparent } from './identity.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

describe('a traceparent', () => {
  test.each([
    [`00-${trace}-${span}-01`, true],
    [`00-${trace}-${span}-00`, true],
    // A later version may have more; it is passed on as it is (§3.2.2.1).
    [`cc-${trace}-${span}-01-what-comes-later`, true],
    [`00-${trace}-${span}-01-more`, false],
    [`ff-${trace}-${span}-01`, false],
    [`00-${'0'.repeat(32)}-${span}-01`, false],
    [`00-${trace}-${'0'.repeat(16)}-01`, false],
    [`00-${trace.toUpperCase()}-${span}-01`, false],
    [`00-${trace.slice(1)}-${span}-01`, false],
    [`00-${trace}-${span}-1`, false],
    [`00-${trace}-${span}`, false],
    [`00-${trace}-${span}-01 `, false],
    [`00-${trace}-${span}-01\r\nX-A: 1`, false],
    ['', false],
  ])('%j is valid: %s', (value, valid) => {
    expect(isTraceparent(value)).toBe(valid);
    const passed = new IdentitySource().traceparent(value);
    expect(passed === value).toBe(valid);
    expect(isTraceparent(passed)).toBe(true);
  });

  test('is begun, not sampled, where there is none', () => {
    expect(new IdentitySource().traceparent(null)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});

describe('a request id', () => {
  test.each([
    ['abc-1_2.3:4/5+6=7@8', true],
    ['a'.repeat(128), true],
    ['a'.repeat(129), false],
    ['', false],
    ['a b', false],
    ['a\tb', false],
    ['"a"', false],
    ['a,b', false],
    ['<a>', false],
    ['\xe9', false],
  ])('%j of a trusted peer is kept: %s', (claimed, kept) => {
    const id = new IdentitySource().requestId(claimed, true);
    expect(id === claimed).toBe(kept);
    if (!kept) expect(id).toMatch(/^[0-9a-f]{20}$/);
  });

  test('of anybody else is made here', () => {
    expect(new IdentitySource().requestId('abc', false)).toMatch(/^[0-9a-f]{20}$/);
    expect(new IdentitySource().requestId(null, true)).toMatch(/^[0-9a-f]{20}$/);
  });

  test('never comes twice', () => {
    const source = new IdentitySource();
    const ids = Array.from({ length: 2_000 }, () => source.requestId(null, false));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
