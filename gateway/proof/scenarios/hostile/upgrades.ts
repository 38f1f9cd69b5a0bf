import { get, request } from '../../testing/http-client.ts';
import { handshake, webSocketKey } from '../../testing/websocket.ts';
import { arrives, carried, carriedLast, type HostileRequest, refused, smuggled } from './case.ts';

const websocket = ['Sec-WebSocket-Version: 13', webSocketKey];
const asked = (fields: readonly string[] = websocket) =>
  arrives('GET /chat', fields).replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
/** Node forgets what came together with it, so nothing may follow. */
const plain = (name: string, ...fields: string[]): HostileRequest => ({
  ...carried(name, get('/db/chat', ...fields, ...websocket) + smuggled, arrives('GET /chat', websocket)),
  end: 'closed',
});

/**
 * RFC 9110 §7.8: nothing behind a handshake is acted upon before 101, and what is no upgrade of ours is a plain request. The service here says
 * 200 to everything.
 */
export const upgrades: readonly HostileRequest[] = [
  handshaken('a handshake that is not agreed to', handshake('/db/chat')),
  handshaken('a request behind such a handshake', handshake('/db/chat') + smuggled),
  handshaken('frames behind such a handshake', `${handshake('/db/chat')}\x81\x85\x00\x00\x00\x00hello`),
  handshaken(
    'WebSocket in capitals',
    get('/db/chat', 'Connection: UPGRADE', 'Upgrade: WEBSOCKET', ...websocket),
  ),
  handshaken(
    'an upgrade among other options',
    get('/db/chat', 'Connection: keep-alive, Upgrade, x-a', 'X-A: 1', 'Upgrade: websocket', ...websocket),
  ),
  handshaken('without a key', get('/db/chat', 'Connection: Upgrade', 'Upgrade: websocket'), []),
  carried(
    'Upgrade that Connection does not name',
    get('/db/chat', 'Upgrade: websocket'),
    arrives('GET /chat'),
  ),
  plain('a list of protocols', 'Connection: Upgrade', 'Upgrade: websocket, h2c'),
  plain('two Upgrade fields', 'Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c'),
  plain('websocket with a version', 'Connection: Upgrade', 'Upgrade: websocket/13'),
  carried('Connection without Upgrade', get('/db/chat', 'Connection: Upgrade'), arrives('GET /chat')),
  {
    ...plain('an upgrade on HTTP/1.0'),
    sent: [
      'GET /db/chat HTTP/1.0\r\nHost: gateway.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    end: 'closed',
    forwarded: [arrives('GET /chat', [], { version: '1.0' })],
  },
  carriedLast(
    'an upgrade with a body',
    request('POST', '/db/chat', ['Connection: Upgrade', 'Upgrade: websocket'], 'body'),
    arrives('POST /chat', [], { body: 'body' }),
  ),
  {
    ...plain(
      'a request whose beginning Node forgets behind an upgrade',
      'Connection: Upgrade',
      'Upgrade: h2c',
    ),
    sent: [
      get('/db/chat', 'Connection: Upgrade', 'Upgrade: h2c', ...websocket) +
        request('POST', '/db/', ['Content-Length: 60']),
      smuggled,
    ],
  },
  refused('an upgrade to nowhere', handshake('/nowhere'), '404 no_route'),
  refused('an upgrade out of the prefix', handshake('/db/../x'), '400 bad_target'),
  refused(
    'an upgrade without a host',
    handshake('/db/chat').replace('Host: gateway.test\r\n', ''),
    '400 bad_host',
  ),
  refused(
    'an upgrade with two framings',
    handshake('/db/chat', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
  ),
];

function handshaken(name: string, sent: string, fields: readonly string[] = websocket): HostileRequest {
  return carriedLast(name, sent, asked(fields));
}
