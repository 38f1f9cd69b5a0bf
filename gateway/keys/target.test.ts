import { describe, expect, it } from 'vitest';
import { endpointOf, socketsOf } from '../config/endpoint.ts';
import { parseTarget } from './target.ts';

const NO_PATH =
  'a target has no path or query: http://db (beside "to": "rewritePrefix: /api" for another path, "strip: false" for the route\'s own)';

describe('a target', () => {
  it.each([
    ['3001', { kind: 'port', port: 3001 }],
    ['localhost:3001', { kind: 'port', port: 3001 }],
    ['LOCALHOST:3001', { kind: 'port', port: 3001 }],
    ['http://localhost', { kind: 'port', port: 80 }],
    ['h2c://localhost:50051', { kind: 'port', port: 50051, http2: true }],
    ['h2c://db:50051', { kind: 'tcp', tls: false, host: 'db', port: 50051, http2: true }],
    ['h2://db', { kind: 'tcp', tls: true, host: 'db', port: 443, http2: true }],
    ['https://localhost', { kind: 'tcp', tls: true, host: 'localhost', port: 443 }],
    ['db:3001', { kind: 'tcp', tls: false, host: 'db', port: 3001 }],
    ['db_1.internal.:3001', { kind: 'tcp', tls: false, host: 'db_1.internal', port: 3001 }],
    ['[::1]:3001', { kind: 'tcp', tls: false, host: '::1', port: 3001 }],
    ['[0:0::1]:3001', { kind: 'tcp', tls: false, host: '::1', port: 3001 }],
    ['10.0.0.7:1', { kind: 'tcp', tls: false, host: '10.0.0.7', port: 1 }],
    ['http://db', { kind: 'tcp', tls: false, host: 'db', port: 80 }],
    ['http://db/', { kind: 'tcp', tls: false, host: 'db', port: 80 }],
    ['HTTPS://db:8443', { kind: 'tcp', tls: true, host: 'db', port: 8443 }],
    ['http://[::1]', { kind: 'tcp', tls: false, host: '::1', port: 80 }],
    ['http://[::1]:65535', { kind: 'tcp', tls: false, host: '::1', port: 65_535 }],
    ['http://bücher.example', { kind: 'tcp', tls: false, host: 'xn--bcher-kva.example', port: 80 }],
    ['unix:/run/app.sock', { kind: 'unix', path: '/run/app.sock' }],
  ])('%s', (text, value) => {
    expect(parseTarget(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['0', '0 is no port'],
    ['65536', 'ports end at 65535'],
    ['99999999999999999999', 'ports end at 65535'],
    ['03001', 'a port does not begin with 0'],
    ['3,001', 'only digits: 3001'],
    ['3001-3004', 'one port, no range; several endpoints are a list: [3001, 3002]'],
    ['3000:3001', 'the gateway maps paths, not ports: write the port of the service alone'],
    ['O3001', 'a letter O instead of a zero?'],
    ['db', 'the port is missing: db:PORT'],
    ['10.0.0.7', 'the port is missing: 10.0.0.7:PORT'],
    ['[::1]', 'the port is missing: [::1]:PORT'],
    ['::1', 'an IPv6 address stands in brackets: [::1]:PORT'],
    ['::1:3001', 'an IPv6 address stands in brackets: [::1]:3001'],
    ['fd00::z:3001', 'an IPv6 address stands in brackets: [::1]:3001'],
    ['db:', 'the port is missing behind the colon'],
    ['db:http', '"http" is no port'],
    ['db:0', '0 is no port'],
    ['http://db/api', NO_PATH],
    ['http://db?x', NO_PATH],
    ['http://u:p@db', 'no user name or password in a target'],
    ['u@db:80', 'no user name or password in a target'],
    ['ws://db:80', 'WebSockets go through http too: http://db:80'],
    ['wss://db', 'WebSockets go through http too: https://db'],
    ['tcp://db:80', 'tcp is not spoken here: http, https, h2, h2c, unix, or host:port'],
    ['/db', 'a path is where a route begins; it leads to a port, or to files: { folder: /db }'],
    ['/run/db.sock', 'a unix socket is written unix:/run/db.sock'],
    ['unix:db.sock', 'an absolute path behind it: unix:/run/app.sock'],
    ['unix:/run/', 'the path of a socket, not of a folder'],
    [`unix:/${'a'.repeat(103)}`, 'systems allow 103 bytes for the path of a socket'],
    ['1.2.3.4.5:80', 'an IPv4 address has four numbers from 0 to 255'],
    ['a..b:80', 'two dots in a row, or one at the start'],
  ])('%s is refused', (text, hint) => {
    const parsed = parseTarget(text);
    expect(parsed.ok).toBe(false);
    expect('hint' in parsed ? parsed.hint : undefined).toBe(hint);
  });
});

describe('an endpoint', () => {
  const endpoint = (text: string) => {
    const parsed = parseTarget(text);
    if (!parsed.ok) throw new Error(parsed.hint);
    return endpointOf(parsed.value, { hosts: new Map(), services: new Map() });
  };

  it.each([
    ['3001', { key: 'localhost:3001', host: '127.0.0.1', addresses: ['127.0.0.1', '::1'], tls: false }],
    [
      'https://localhost:3001',
      { key: 'https://localhost:3001', host: 'localhost', addresses: ['127.0.0.1', '::1'] },
    ],
    ['127.0.0.1:3001', { key: '127.0.0.1:3001', host: '127.0.0.1', addresses: ['127.0.0.1'] }],
    ['[::1]:3001', { key: '[::1]:3001', host: '::1', addresses: ['::1'] }],
    ['db:3001', { key: 'db:3001', host: 'db', addresses: null }],
    ['https://db', { key: 'https://db:443', host: 'db', addresses: null, tls: true }],
  ])('of %s', (text, expected) => {
    expect(endpoint(text)).toMatchObject(expected);
  });

  it.each([
    ['3001', '127.0.0.1:3001', true],
    ['3001', '[::1]:3001', true],
    ['127.0.0.1:3001', '[::1]:3001', false],
    ['db:3001', 'http://DB.:3001', true],
    ['db:3001', 'db:3002', false],
    ['unix:/a', 'unix:/a', true],
    ['unix:/a', 'unix:/b', false],
  ])('%s and %s can be one socket: %s', (one, other, same) => {
    const shared = socketsOf(endpoint(one)).filter((socket) => socketsOf(endpoint(other)).includes(socket));
    expect(shared.length > 0).toBe(same);
  });
});
