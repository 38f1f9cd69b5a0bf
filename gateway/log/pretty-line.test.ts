import { describe, expect, it } from 'vitest';
import { prettyLines } from './pretty-line.ts';

const plain = prettyLines({ colour: false });
const time = new Date(2026, 9, 2, 14, 1, 7).toISOString();

function exchange(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({
    level: 'info',
    time,
    requestId: 'req-1',
    method: 'GET',
    target: '/db/users',
    route: '/db',
    endpoint: '127.0.0.1:3001',
    status: 200,
    bytesOut: 1234,
    totalMs: 3.1,
    ...fields,
    msg: 'exchange',
  });
}

describe('the line of an exchange on a terminal', () => {
  it.each([
    { fields: {}, shown: 'GET     200    3 ms  1.2 kB  /db/users → /db 127.0.0.1:3001' },
    {
      fields: {
        method: 'OPTIONS',
        status: 404,
        route: null,
        endpoint: null,
        code: 'no_route',
        bytesOut: 245,
      },
      shown: 'OPTIONS 404    3 ms   245 B  /db/users  no_route',
    },
    {
      fields: { status: 502, totalMs: 1034, code: 'connection_refused', cause: 'nothing listens on 3001' },
      shown:
        'GET     502   1.0 s  1.2 kB  /db/users → /db 127.0.0.1:3001  connection_refused: nothing listens on 3001',
    },
    {
      fields: { status: 101, tunnel: true, totalMs: 300_000 },
      shown: 'GET     101   5 min  1.2 kB  /db/users ⇄ /db 127.0.0.1:3001',
    },
    {
      fields: { method: 'TCP', target: '7000', route: 'tcp 7000', status: 0, tunnel: true, totalMs: 300_000 },
      shown: 'TCP     ---   5 min  1.2 kB  7000 ⇄ tcp 7000 127.0.0.1:3001',
    },
    { fields: { status: 0, endpoint: null }, shown: 'GET     ---    3 ms  1.2 kB  /db/users → /db' },
  ])('reads $shown', ({ fields, shown }) => {
    expect(plain(exchange(fields))).toBe(`14:01:07 ${shown}\n`);
  });

  it('cuts a very long target', () => {
    const line = plain(exchange({ target: `/${'a'.repeat(8000)}` }));
    expect(line.length).toBeLessThan(220);
    expect(line).toContain('a… → /db');
  });

  it('shows control bytes of a target, a method and a cause instead of obeying them', () => {
    const hostile = '\u001b[2J\r\n14:01:08 INFO  forged\u009b1m\u202e';
    const line = plain(exchange({ target: hostile, method: hostile, code: 'x', cause: hostile }));
    expect(line).toMatch(/^[^\p{Cc}\p{Cf}]+\n$/u);
    expect(line).toContain('\\x1b[2J\\x0d\\x0a14:01:08 INFO  forged\\x9b1m\\u{202e}');
  });
});

describe('any other line on a terminal', () => {
  it('shows time, level, message and fields', () => {
    const line = JSON.stringify({ level: 'warn', time, port: 3001, msg: 'nothing listens' });
    expect(plain(line)).toBe('14:01:07 WARN  nothing listens {"port":3001}\n');
  });

  it('indents the further lines of a message, so that none can pass for a line of ours', () => {
    const line = JSON.stringify({ level: 'error', time, msg: 'a problem\n14:01:08 INFO  forged' });
    expect(plain(line)).toBe('14:01:07 ERROR a problem\n               14:01:08 INFO  forged\n');
  });

  it('shows the problems of a configuration as they are, below the message', () => {
    const problems =
      'a.yaml:4:8  expected a port, got "30o1"\n    4 |   /db: 30o1\n      |        ^^^^\u001b[2J\n';
    const shown = plain(JSON.stringify({ level: 'error', time, problems, file: 'a.yaml', msg: 'refused' }));
    expect(shown.split('\n')).toEqual([
      '14:01:07 ERROR refused {"file":"a.yaml"}',
      '               a.yaml:4:8  expected a port, got "30o1"',
      '                   4 |   /db: 30o1',
      '                     |        ^^^^\\x1b[2J',
      '',
    ]);
  });

  it('obeys no control bytes, however deep they are', () => {
    const hostile = '\u001b[31m\u009b1m';
    const text = plain(
      JSON.stringify({
        level: 'error',
        time,
        msg: hostile,
        [hostile]: { [hostile]: [hostile] },
        err: { type: 'Error', message: hostile, stack: `Error: ${hostile}\n    at x` },
      }),
    );
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(text).toContain('\\x1b[31m');
  });
});
