import { describe, expect, it } from 'vitest';
import { painter, wantsColour } from './paint.ts';

describe('wantsColour', () => {
  it.each([
    ['a terminal', true, {}, true],
    ['a pipe', false, {}, false],
    ['NO_COLOR on a terminal', true, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR on a terminal', true, { NO_COLOR: '' }, true],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
    ['FORCE_COLOR on a pipe', false, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0 on a terminal', true, { FORCE_COLOR: '0' }, false],
    ['FORCE_COLOR against NO_COLOR', false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('decides for %s', (_what, terminal, env, expected) => {
    expect(wantsColour(terminal, env)).toBe(expected);
  });
});

describe('painter', () => {
  it('colours whatever the stream of this process is, or does nothing', () => {
    expect(painter(true)('red', 'no')).toBe('\x1b[31mno\x1b[39m');
    expect(painter(false)('red', 'no')).toBe('no');
  });
});
