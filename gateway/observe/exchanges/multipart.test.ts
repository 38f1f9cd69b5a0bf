import { expect, test } from 'vitest';
import { shownContent } from './bodies.ts';

const TYPE = 'multipart/form-data; boundary=x';

function body(...parts: readonly (readonly [head: string, value: string])[]): string {
  return parts.map(([head, value]) => `--x\r\n${head}\r\n\r\n${value}\r\n`).join('');
}

const named = (name: string, more = '') => `Content-Disposition: form-data; name="${name}"${more}`;
const shown = (text: string, type = TYPE, truncated = false) =>
  shownContent(Buffer.from(text), type, truncated);

test('parts are a line each: values but secrets, and of files what they are', () => {
  const parts = body(
    [named('title'), 'two\r\nlines, and --x'],
    [named('password'), 'hunter2'],
    [`${named('a', '; filename="a.png"')}\r\nContent-Type: image/png`, '\x89PNG'],
    ['X-Other: 1', 'hunter3'],
    [`${named('blob')}\r\nContent-Type: application/json`, '{"password":"hunter4"}'],
  );
  expect(shown(`${parts}--x--\r\nhunter5`)).toEqual({
    kind: 'multipart',
    text: null,
    parts:
      'title: two\r\nlines, and --x\npassword: (not shown)\na: a.png, image/png, 5 B\n(no name): 7 B\nblob: application/json, 22 B',
    base64: null,
  });
});

test('of a value that is JSON, or that ends by LF alone, no secret is shown', () => {
  expect(shown(`${body([named('payload'), '{"token":"hunter2"}'])}--x--`).parts).toBe(
    'payload: {"token":"(not shown)"}',
  );
  const byLf = `--x\r\n${named('a')}\r\n\r\nv\n--x\r\n${named('password')}\r\n\r\nhunter2\n--x--`;
  expect(shown(byLf).parts).toBe('a: v\npassword: (not shown)');
});

test.each([
  ['no boundary', 'multipart/form-data', body([named('a'), '1'])],
  ['another one', 'multipart/form-data; boundary=y', body([named('a'), '1'])],
  ['no part', TYPE, '--x--'],
  ['no end of a head', TYPE, `--x\r\n${named('a')}`],
])('of a body with %s none are told', (_what, type, text) => {
  expect(shown(text, type)).toEqual({ kind: 'binary', text: null, base64: null });
});

test('of a body that was cut off, or has no end of parts, so many are shown', () => {
  expect(shown(body([named('a'), '1']).slice(0, -2), TYPE, true).parts).toBe('a: 1…');
  const file = body([named('a', '; filename="a.png"'), 'PNG']).slice(0, -2);
  expect([shown(file, TYPE, true).parts, shown(file).parts]).toEqual([
    'a: a.png, at least 3 B',
    'a: a.png, 3 B',
  ]);
  const many = body(...Array.from({ length: 10_000 }, () => [named('a'), '1'] as const));
  expect(shown(many).parts!.split('\n')).toHaveLength(100);
  expect(shown(body([named('a'), 'v'.repeat(5_000)])).parts).toHaveLength('a: '.length + 1_001);
});
