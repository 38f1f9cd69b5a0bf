import { describe, expect, test } from 'vitest';
import { shownContent } from './bodies.ts';

const json = '{"user":"änn","password":"Ω1"}';
const shownJson = '{\n  "user": "änn",\n  "password": "(not shown)"\n}';
const form = 'user=ann&password=Ω1';
const shownForm = 'user=ann&password=(not shown)';

const [JSON_TYPE, FORM_TYPE] = ['application/json', 'application/x-www-form-urlencoded'];
const littleEndian = (text: string) => Buffer.from(text, 'utf16le');
const bigEndian = (text: string) => littleEndian(text).swap16();

describe('what is shown of a body in another charset', () => {
  test.each([
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${json}`), JSON_TYPE, shownJson],
    ['UTF-16 with a byte order mark', bigEndian(`\ufeff${json}`), JSON_TYPE, shownJson],
    [
      'UTF-16 with a byte order mark, and a type that says UTF-8',
      littleEndian(`\ufeff${json}`),
      `${JSON_TYPE}; charset=utf-8`,
      shownJson,
    ],
    ['UTF-16 by its type', littleEndian(json), `${JSON_TYPE};charset="UTF-16LE"`, shownJson],
    ['ISO 8859-1', Buffer.from(json, 'latin1'), `${JSON_TYPE}; charset=iso-8859-1`, shownJson],
    ['a charset that is not known', Buffer.from(json), `${JSON_TYPE}; charset=utf8mb4`, shownJson],
    ['a form in UTF-16', bigEndian(form), `${FORM_TYPE}; charset=utf-16be`, shownForm],
    [
      'a text in UTF-16 of which nothing is said',
      bigEndian('{"token":"S"}'),
      'text/plain',
      '{"token":"(not shown)"}',
    ],
    ['a text that says UTF-16 and is not', Buffer.from(form), 'text/plain; charset=utf-16', shownForm],
    ['JSON that says UTF-16 and is not', Buffer.from(json), `${JSON_TYPE}; charset=utf-16`, shownJson],
    ['a form that says UTF-16 and is not', Buffer.from(form), `${FORM_TYPE}; charset=utf-16le`, shownForm],
  ])('%s', (_, content, type, text) => {
    expect(shownContent(content, type, false)).toMatchObject({ text });
  });

  test('UTF-16 that is cut off within a character', () => {
    const content = littleEndian(json).subarray(0, -5);
    const shown = shownContent(content, `${JSON_TYPE}; charset=utf-16`, true);
    expect(shown).toMatchObject({ kind: 'text', text: '{"user":"änn","password":"(not shown)"' });
  });

  test.each([
    [littleEndian(json), JSON_TYPE],
    [bigEndian(json), `${JSON_TYPE}; charset=utf-8`],
    [bigEndian(json), `${JSON_TYPE}; charset=utf-16`],
    [littleEndian(form), FORM_TYPE],
    [Buffer.from('{+ACI-token+ACI-:+ACI-S+ACI-}'), 'text/plain; charset=UTF-7'],
  ])('is nothing where it is not the one that it says, or names in it are not found: %#', (content, type) => {
    expect(shownContent(content, type, false)).toEqual({ kind: 'unreadable', text: null, base64: null });
  });
});

test('JSON in a field of a form is masked, cut off at any byte', () => {
  const value = encodeURIComponent(JSON.stringify({ user: 'änn', tokens: ['Zx9'] })).replaceAll('%20', '+');
  const body = Buffer.from(`a=1&payload=${value}`);
  const { text } = shownContent(body, FORM_TYPE, false);
  expect(text).toBe('a=1&payload={"user":"änn","tokens":"(not shown)"}');
  for (let end = 0; end < body.length; end++)
    expect(shownContent(body.subarray(0, end), FORM_TYPE, true).text).not.toContain('Zx');
});
