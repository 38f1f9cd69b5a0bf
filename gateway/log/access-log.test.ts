import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { CLIENT_LEFT_STATUS, type ExchangeRecord, newExchangeRecord } from '../exchange/record.ts';
import { rescue } from '../exchange/rescue.ts';
import { AccessLog } from './access-log.ts';
import { prettyLines } from './pretty-line.ts';

function exchange(changes: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    ...newExchangeRecord('req-1', 'GET', '/db/users?x=1', 'HTTP/1.1', '127.0.0.1'),
    route: '/db',
    endpoint: '127.0.0.1:3001',
    status: 200,
    bytesOut: 1234,
    startedAt: 1000,
    headAt: 1002.3456,
    endedAt: 1003.04,
    attempts: 1,
    ...changes,
  };
}

/** Where a logger writes, as text. */
function paper() {
  const lines: string[] = [];
  return { write: (line: string) => void lines.push(line), text: () => lines.join('') };
}

/** What an access log writes for one exchange: the raw text, and the line parsed. */
function logged(record: ExchangeRecord, level = 'info', enabled = true) {
  const log = paper();
  const accessLog = new AccessLog(pino({ level, base: null }, log));
  accessLog.enabled = enabled;
  accessLog.write(record);
  return { raw: log.text(), line: log.text() === '' ? null : JSON.parse(log.text()) };
}

describe('the access log', () => {
  it('writes one line for an exchange, with every field that docs/logs.md names', () => {
    const { raw, line } = logged(exchange());
    expect(raw).toMatch(/^[^\n]+\n$/);
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      requestId: 'req-1',
      client: '127.0.0.1',
      method: 'GET',
      target: '/db/users?x=1',
      protocol: 'HTTP/1.1',
      route: '/db',
      endpoint: '127.0.0.1:3001',
      status: 200,
      bytesIn: 0,
      bytesOut: 1234,
      headMs: 2.3,
      totalMs: 3,
      attempts: 1,
      lane: 'general',
      msg: 'exchange',
    });
  });

  it('says what went wrong', () => {
    const { line } = logged(
      exchange({
        status: 502,
        errorType: 'connection_refused',
        errorCode: 'connection_refused',
        cause: 'nothing listens on 127.0.0.1:3001',
      }),
    );
    expect(line).toMatchObject({
      errorType: 'connection_refused',
      code: 'connection_refused',
      cause: 'nothing listens on 127.0.0.1:3001',
    });
  });

  it('says null for a route, an endpoint and a head that there were not', () => {
    const { line } = logged(
      exchange({ status: CLIENT_LEFT_STATUS, route: null, endpoint: null, headAt: null }),
    );
    expect(line).toMatchObject({ status: 499, route: null, endpoint: null, headMs: null });
  });

  it('marks a tunnel', () => {
    expect(logged(exchange({ status: 101, tunnel: true })).line).toMatchObject({ tunnel: true });
  });

  it.each([
    { what: 'an answer of the service', changes: { status: 200 }, level: 'info' },
    { what: 'a 503 of the service itself', changes: { status: 503 }, level: 'info' },
    {
      what: 'a 404 of the gateway',
      changes: { status: 404, errorType: 'destination_not_found' },
      level: 'info',
    },
    {
      what: 'a 502 of the gateway',
      changes: { status: 502, errorType: 'connection_refused' },
      level: 'warn',
    },
  ])('logs $what as $level', ({ changes, level }) => {
    expect(logged(exchange(changes)).line.level).toBe(level);
  });

  it.each<{ what: string; code: ExchangeRecord['errorCode']; headAt: number | null; level: string }>([
    { what: 'was carried', code: null, headAt: 1001, level: 'info' },
    { what: 'no service took', code: 'connection_refused', headAt: null, level: 'warn' },
    { what: 'was one too many', code: 'too_many_connections', headAt: null, level: 'warn' },
    { what: 'its client gave up', code: 'client_left', headAt: null, level: 'info' },
    { what: 'had no PROXY header', code: 'bad_request', headAt: null, level: 'info' },
    { what: 'a reload or a stop ended early', code: 'drained', headAt: null, level: 'info' },
    { what: 'was silent for too long', code: 'idle_timeout', headAt: 1001, level: 'info' },
  ])('logs a stream that $what as $level', ({ code, headAt, level }) => {
    const record = exchange({ status: 0, tunnel: true, errorCode: code, errorType: code && 'x', headAt });
    expect(logged(record).line.level).toBe(level);
  });

  it('is silent above the level of the line, and while it is switched off', () => {
    const fault = exchange({ status: 502, errorType: 'connection_refused' });
    expect(logged(exchange(), 'warn').raw).toBe('');
    expect(logged(fault, 'warn').raw).not.toBe('');
    expect(logged(fault, 'error').raw).toBe('');
    expect(logged(exchange(), 'info', false).raw).toBe('');
  });

  it.each([
    'GET\n{"level":"info","msg":"forged"}',
    '"},"status":500,{"',
    '\\',
    'a\u001b[2J\u0000\u007f\u009b1m',
    '\u2028\u2029\u202e',
    '\ud800',
    'café',
  ])('is one line that says exactly what was sent: %j', (hostile) => {
    const { raw, line } = logged(
      exchange({ method: hostile, target: hostile, requestId: hostile, client: hostile, cause: hostile }),
    );
    expect(raw.trimEnd()).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    expect(line).toMatchObject({ method: hostile, target: hostile, requestId: hostile, cause: hostile });
    expect(line.status).toBe(200);
  });

  it('adds what the logger adds to each of its lines', () => {
    const log = paper();
    new AccessLog(pino({ base: null }, log).child({ replica: 3 })).write(exchange());
    expect(JSON.parse(log.text())).toMatchObject({ replica: 3, msg: 'exchange' });
  });

  it('writes the lines that docs/logs.md shows', async () => {
    const refused = await new Promise<Error>((resolve) => connect(1, '127.0.0.1').once('error', resolve));
    const stream = {
      method: 'TCP',
      protocol: 'TCP',
      target: '7000',
      route: 'tcp 7000',
      endpoint: 'localhost:7001',
    };
    const records = [
      exchange(),
      exchange({
        ...{ method: 'POST', target: '/chat/join', route: '/chat', endpoint: '127.0.0.1:3004', status: 502 },
        ...{ errorCode: 'connection_refused', errorType: 'connection_refused', bytesOut: 320, endedAt: 1001 },
        cause: rescue(refused, 'connect').message.replace('127.0.0.1:1', '127.0.0.1:3004'),
      }),
      exchange({
        ...stream,
        requestId: '5a0d7b1e9c3f42d80116',
        status: 0,
        tunnel: true,
        bytesIn: 212,
        bytesOut: 4816,
        headAt: 1000.6,
        endedAt: 13034.9,
      }),
    ];
    const docs = readFileSync(new URL('../../docs/logs.md', import.meta.url), 'utf8');
    const withoutTime = (line: string) => line.replace(/^\d\d:\d\d:\d\d /, '');
    const shown = Array.from(docs.matchAll(/^\d\d:\d\d:\d\d .*$/gm), ([line]) => withoutTime(line));
    const pretty = prettyLines({ colour: false });
    expect(records.map((record) => withoutTime(pretty(logged(record).raw).trimEnd()))).toEqual(
      shown.slice(0, 3),
    );
    const { time: _time, ...example } = JSON.parse(/^\{"level".*$/m.exec(docs)![0]);
    expect(logged(records[2]!).line).toMatchObject(example);
  });

  it('has just the fields that docs/logs.md describes', () => {
    const record = exchange({
      status: 502,
      tunnel: true,
      fallback: true,
      escaped: 'cookie',
      policy: 'auth',
      user: 'ann',
      errorType: 'a',
      errorCode: 'internal',
      cause: 'c',
    });
    const docs = readFileSync(new URL('../../docs/logs.md', import.meta.url), 'utf8');
    const table = docs.slice(
      docs.indexOf('## The line of an exchange'),
      docs.indexOf('## The line of a stream'),
    );
    const described = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    const log = paper();
    // As of a worker, which adds its process id.
    new AccessLog(pino({ base: { pid: 7 } }, log)).write(record);
    expect(Object.keys(JSON.parse(log.text())).sort()).toEqual(described.sort());
  });
});
