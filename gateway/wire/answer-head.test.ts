import { describe, expect, test } from 'vitest';
import { FramingError } from '../exchange/framing-error.ts';
import { mayBecomeAnswerHead, parseAnswerHead } from './answer-head.ts';

const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;

describe('the head of an answer', () => {
  test('is taken apart, byte for byte', () => {
    const text = head(
      'HTTP/1.1 200 Tr\xe8s bien',
      'Set-Cookie: a=1',
      'set-cookie:b',
      'X-Empty:',
      'X:\t c d \xa0',
    );
    const { status, reason, fields } = parseAnswerHead(text, 'GET');
    expect([status, reason]).toEqual([200, 'Tr\xe8s bien']);
    expect(fields).toEqual(['Set-Cookie', 'a=1', 'set-cookie', 'b', 'X-Empty', '', 'X', 'c d \xa0']);
  });

  test.each([
    ['HTTP/1.1 200 OK', ''],
    ['HTTP/1.1 200 ', ''],
    ['HTTP/1.1 200', ''],
  ])('may say %j', (line) => {
    expect(parseAnswerHead(head(line), 'GET').status).toBe(200);
  });

  test.each([
    ['a length', 'GET', ['HTTP/1.1 200 OK', 'Content-Length: 5'], 'counted', true],
    ['a length of none', 'GET', ['HTTP/1.1 200 OK', 'Content-Length: 0'], 'none', true],
    ['chunks', 'GET', ['HTTP/1.1 200 OK', 'Transfer-Encoding: Chunked'], 'chunked', true],
    ['neither', 'GET', ['HTTP/1.1 200 OK'], 'close', false],
    ['neither, for HEAD', 'HEAD', ['HTTP/1.1 200 OK'], 'none', true],
    ['a length, for HEAD', 'HEAD', ['HTTP/1.1 200 OK', 'Content-Length: 5'], 'none', true],
    ['204', 'GET', ['HTTP/1.1 204 No Content'], 'none', true],
    ['304 with a length', 'GET', ['HTTP/1.1 304 Same', 'Content-Length: 5'], 'none', true],
    ['103', 'GET', ['HTTP/1.1 103 Early'], 'none', true],
    ['close', 'GET', ['HTTP/1.1 200 OK', 'Content-Length: 5', 'Connection: x, Close'], 'counted', false],
    [
      'a word with close in it',
      'GET',
      ['HTTP/1.1 200 OK', 'Content-Length: 5', 'Connection: closed'],
      'counted',
      true,
    ],
    ['HTTP/1.0', 'GET', ['HTTP/1.0 200 OK', 'Content-Length: 5', 'Connection: keep-alive'], 'counted', false],
  ])(
    'with %s says how its body ends, and whether another may follow',
    (_what, method, lines, end, persistent) => {
      const parsed = parseAnswerHead(head(...lines), method);
      expect([parsed.end, parsed.persistent]).toEqual([end, persistent]);
    },
  );

  test('tells how long an idle connection is kept', () => {
    const of = (value: string) =>
      parseAnswerHead(head('HTTP/1.1 204 OK', `Keep-Alive: ${value}`), 'GET').keepAliveSeconds;
    expect(['timeout=5, max=100', 'max=1,timeout=20', 'max=1', 'timeout=x'].map(of)).toEqual([
      5,
      20,
      null,
      null,
    ]);
  });

  test.each([
    ['another protocol', ['SSH-2.0-OpenSSH']],
    ['another version', ['HTTP/2.0 200 OK']],
    ['a version of one digit more', ['HTTP/1.10 200 OK']],
    ['two spaces in front of the status', ['HTTP/1.1  200 OK']],
    ['a status of two digits', ['HTTP/1.1 99 OK']],
    ['a status that begins with 0', ['HTTP/1.1 099 OK']],
    ['a status of four digits', ['HTTP/1.1 2000 OK']],
    ['an empty line first', ['', 'HTTP/1.1 200 OK']],
    ['NUL in the reason', ['HTTP/1.1 200 O\0K']],
    ['a bare CR', ['HTTP/1.1 200 OK', 'A: 1\rB: 2']],
    ['a bare LF', ['HTTP/1.1 200 OK', 'A: 1\nB: 2']],
    ['NUL in a value', ['HTTP/1.1 200 OK', 'A: \0']],
    ['a space before the colon', ['HTTP/1.1 200 OK', 'A : 1']],
    ['no colon', ['HTTP/1.1 200 OK', 'A']],
    ['no name', ['HTTP/1.1 200 OK', ': 1']],
    ['a folded line', ['HTTP/1.1 200 OK', 'A: 1', ' B: 2']],
    ['a name beyond ASCII', ['HTTP/1.1 200 OK', '\xc4: 1']],
    ['two lengths', ['HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 6']],
    ['the same length twice', ['HTTP/1.1 200 OK', 'Content-Length: 5', 'content-length: 5']],
    ['a list of lengths', ['HTTP/1.1 200 OK', 'Content-Length: 5, 5']],
    ['a signed length', ['HTTP/1.1 200 OK', 'Content-Length: +5']],
    ['a length in hex', ['HTTP/1.1 200 OK', 'Content-Length: 0x5']],
    ['an empty length', ['HTTP/1.1 200 OK', 'Content-Length:']],
    ['a length beyond 2^53', ['HTTP/1.1 200 OK', 'Content-Length: 9007199254740993']],
    ['a length with chunks', ['HTTP/1.1 200 OK', 'Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['chunks with a length', ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Content-Length: 5']],
    ['chunks twice', ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    ['another coding', ['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked']],
    ['an empty coding', ['HTTP/1.1 200 OK', 'Transfer-Encoding:']],
    ['chunks in HTTP/1.0', ['HTTP/1.0 200 OK', 'Transfer-Encoding: chunked']],
  ])('is refused for %s', (_what, lines) => {
    expect(() => parseAnswerHead(head(...lines), 'GET')).toThrow(FramingError);
  });
});

describe('the beginning of a head', () => {
  test.each(['H', 'HTTP/1.', 'HTTP/1.1 200 OK\r', 'HTTP/1.1 200 OK\r\nA: 1\r\n'])(
    '%j may become one',
    (text) => {
      expect(mayBecomeAnswerHead(Buffer.from(text))).toBe(true);
    },
  );

  test.each(['h', 'SSH-2.0', '\r\n', '\n', 'HTTP/2', 'HTTP/1.1 200 OK\n', 'HTTP/1.1 200 OK\r\nA: 1\n'])(
    '%j can not',
    (text) => {
      expect(mayBecomeAnswerHead(Buffer.from(text))).toBe(false);
    },
  );
});
