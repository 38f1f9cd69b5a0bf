import { expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';

const answers = [
  ['Content-Length', 200, 'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello'],
  ['Content-Length 0', 404, 'HTTP/1.1 404 Not Found\r\ncontent-length:0\r\n\r\n'],
  ['chunks', 200, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  [
    'chunks that hold what looks like the last one',
    200,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n',
  ],
] as const;

test.each(answers)('an answer with %s ends where it ends, however it is cut', (_, status, text) => {
  for (let cut = 1; cut < text.length; cut += 1) {
    const reader = new AnswerReader();
    expect(reader.push(Buffer.from(text.slice(0, cut)))).toBeNull();
    expect(reader.push(Buffer.from(text.slice(cut)))).toBe(status);
  }
});

test.each(answers)('after an answer with %s the next one is read', (_, status, text) => {
  const reader = new AnswerReader();
  expect(reader.push(Buffer.from(text))).toBe(status);
  expect(reader.push(Buffer.from(text))).toBe(status);
});

test.each([
  ['SSH-2.0-OpenSSH\r\n\r\n', 'not an HTTP/1 answer'],
  ['HTTP/1.1 200 OK\r\n\r\n', 'neither Content-Length nor chunks'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc', 'bytes after the end'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 'a chunk without a size'],
])('%j is refused', (text, why) => {
  expect(() => new AnswerReader().push(Buffer.from(text))).toThrow(why);
});
