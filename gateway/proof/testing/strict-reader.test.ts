import { describe, expect, test } from 'vitest';
import { readAnswers, readRequests } from './strict-reader.ts';

const requests = (text: string) => readRequests(Buffer.from(text, 'latin1'));
const answers = (text: string, methods: readonly string[] = ['GET'], ended = false) =>
  readAnswers(Buffer.from(text, 'latin1'), methods, ended);
const post = (fields: string, body = '') => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`;

describe('the strict reader', () => {
  test('reads requests one behind the other, with their bodies', () => {
    const { messages, refused, unfinished } = requests(
      post('Content-Length: 2', 'ab') + post('Transfer-Encoding: chunked', '1;x\r\nc\r\n0\r\nX-A: 1\r\n\r\n'),
    );
    expect(messages.map(({ body }) => body.toString())).toEqual(['ab', 'c']);
    expect(messages.map(({ extensions }) => extensions)).toEqual([false, true]);
    expect(messages[1]?.trailers).toEqual([{ name: 'X-A', value: '1' }]);
    expect([refused, unfinished]).toEqual([null, false]);
  });

  test.each([
    ['half of a head', 'GET / HTTP/1.1\r\nHost:'],
    ['half of a length', post('Content-Length: 2', 'a')],
    ['half of a chunk', post('Transfer-Encoding: chunked', '2\r\na')],
    ['no trailers', post('Transfer-Encoding: chunked', '0\r\n')],
  ])('waits for more behind %s', (_what, text) => {
    expect(requests(text)).toMatchObject({ messages: [], refused: null, unfinished: true });
  });

  test.each([
    ['two lengths', post('Content-Length: 1\r\nContent-Length: 1', 'a')],
    ['a length and chunks', post('Content-Length: 1\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
    ['a signed length', post('Content-Length: +1', 'a')],
    ['two codings', post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n')],
    ['a bare LF', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a bare LF in an unfinished head', 'GET / HTTP/1.1\r\nHost: a\nX'],
    ['a bare CR', post('X-A: 1\r2')],
    ['a NUL', post('X-A: \0')],
    ['a folded line', post('X-A: 1\r\n 2')],
    ['a space before the colon', post('X-A : 1')],
    ['another version', 'GET / HTTP/1.10\r\nHost: a\r\n\r\n'],
    ['a chunk longer than its size', post('Transfer-Encoding: chunked', '1\r\nab\r\n')],
    ['a size with 0x', post('Transfer-Encoding: chunked', '0x1\r\na\r\n')],
    ['a bare LF in an extension', post('Transfer-Encoding: chunked', '1;\n\r\na\r\n')],
  ])('refuses %s', (_what, text) => {
    expect(requests(text)).toMatchObject({ messages: [], refused: { why: expect.any(String) } });
  });

  test.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', post('Host: a')],
    ['a fragment', 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a target without a slash', 'GET a HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('finds the fault in %s, whose end is clear', (_what, text) => {
    expect(requests(text)).toMatchObject({ messages: [{ fault: expect.any(String) }], refused: null });
  });

  test('says what stood before a refusal, and where that is', () => {
    const first = post('Content-Length: 1', 'a');
    const { messages, refused, rest } = requests(`${first}garbage\r\n\r\n`);
    expect([messages.length, refused?.at, String(rest)]).toEqual([1, first.length, 'garbage\r\n\r\n']);
  });

  test('reads nothing behind an upgrade', () => {
    const { messages, rest } = requests(`${post('Connection: upgrade\r\nUpgrade: websocket')}\x81\x00`);
    expect([messages.length, rest.length]).toEqual([1, 2]);
  });

  test('knows answers that have no body', () => {
    const length = 'Content-Length: 9\r\n\r\n';
    const text = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 No\r\n${length}HTTP/1.1 200 OK\r\n${length}`;
    const { messages, refused } = answers(text, ['GET', 'HEAD']);
    expect([messages.map(({ status }) => status), refused]).toEqual([[100, 304, 200], null]);
  });

  test('takes an answer without a length for whole only where its connection ended well', () => {
    expect(answers('HTTP/1.1 200 OK\r\n\r\nabc').unfinished).toBe(true);
    expect(answers('HTTP/1.1 200 OK\r\n\r\nabc', ['GET'], true).messages[0]?.body.toString()).toBe('abc');
  });

  test('refuses an answer that nobody asked for', () => {
    const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    expect(answers(ok + ok).refused?.why).toBe('an answer to no request');
  });
});
