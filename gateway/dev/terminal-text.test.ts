import { describe, expect, it } from 'vitest';
import { colouredText, plainText } from './terminal-text.ts';

const esc = '\x1b';

const hostile = [
  ['moves the cursor', `a${esc}[2Ab`, 'ab'],
  ['clears the screen', `a${esc}[2J${esc}[Hb`, 'ab'],
  ['uses the one-byte form of CSI', 'a\x9b2Jb', 'ab'],
  ['renames the window (BEL)', `a${esc}]0;owned\x07b`, 'ab'],
  ['renames the window (ST)', `a${esc}]0;owned${esc}\\b`, 'ab'],
  ['sends a device control string', `a${esc}P$q"p${esc}\\b`, 'ab'],
  ['resets the terminal', `a${esc}cb`, 'ab'],
  ['switches the character set', `a${esc}(0b`, 'ab'],
  ['rings the bell and erases', 'a\x07\x08\x7fb', 'ab'],
  ['carries NUL and C1 bytes', 'a\x00\x85b', 'ab'],
  ['never ends its string', `a${esc}]0;titleb`, 'a0;titleb'],
  ['ends within a sequence', `a${esc}[`, 'a'],
  ['hides a private sequence as a colour', `a${esc}[?25mb`, 'ab'],
] as const;

describe('terminal text', () => {
  it.each(hostile)('drops what %s', (_what, text, expected) => {
    expect(plainText(text)).toBe(expected);
    expect(colouredText(text)).toBe(expected);
  });

  it.each(['tab\there', 'grüße → 日本語 👍', ''])('leaves %j as it is', (text) => {
    expect(plainText(text)).toBe(text);
    expect(colouredText(text)).toBe(text);
  });

  it('drops colours for plain text', () => {
    expect(plainText(`${esc}[1;31mred${esc}[0m`)).toBe('red');
  });

  it('keeps colours on a terminal, and ends them with the line', () => {
    expect(colouredText(`${esc}[38;5;200mpink`)).toBe(`${esc}[38;5;200mpink${esc}[0m`);
  });
});
