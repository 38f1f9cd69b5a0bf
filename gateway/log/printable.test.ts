import { describe, expect, it } from 'vitest';
import { jsonString, printable, printableLines } from './printable.ts';

const hostile = [
  { what: 'an escape sequence', text: 'a\u001b[2Jb', shown: 'a\\x1b[2Jb' },
  { what: 'a line feed', text: 'a\nb', shown: 'a\\x0ab' },
  { what: 'a carriage return', text: 'a\rb', shown: 'a\\x0db' },
  { what: 'NUL', text: 'a\u0000b', shown: 'a\\x00b' },
  { what: 'DEL', text: 'a\u007fb', shown: 'a\\x7fb' },
  { what: 'the C1 form of an escape sequence', text: 'a\u009b2Jb', shown: 'a\\x9b2Jb' },
  { what: 'a bidirectional override', text: 'a\u202eb', shown: 'a\\u{202e}b' },
  { what: 'a zero-width space', text: 'a\u200bb', shown: 'a\\u{200b}b' },
  { what: 'a line separator', text: 'a\u2028b', shown: 'a\\u{2028}b' },
  { what: 'an invisible tag outside the first plane', text: 'a\u{e0041}b', shown: 'a\\u{e0041}b' },
];

describe('printable', () => {
  it.each(hostile)('writes $what as an escape', ({ text, shown }) => {
    expect(printable(text)).toBe(shown);
  });

  it.each(['/db/users?x=1', 'naïve café', '日本語', '🚀', '"\\'])('leaves %s as it is', (text) => {
    expect(printable(text)).toBe(text);
  });
});

describe('printableLines', () => {
  it('keeps line feeds and tabs, and escapes the rest', () => {
    expect(printableLines('one\n\ttwo\r\nthree\r\u001b[2J')).toBe('one\n\ttwo\nthree\\x0d\\x1b[2J');
  });
});

describe('jsonString', () => {
  it.each(hostile)('is one line that parses back, with $what', ({ text }) => {
    const json = jsonString(text);
    expect(JSON.parse(json)).toBe(text);
    expect(json).toMatch(/^[ -~]*$/);
  });
});
