import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import {
  connectFrames,
  FLAG,
  type Frame,
  fieldBlock,
  frame,
  framesOf,
  H2_WAYS,
  TYPE,
  uint32,
} from '../testing/h2-frames.ts';
import { until } from '../testing/poll.ts';
import type { RawClient } from '../testing/raw-client.ts';
import { SHOP_TLS } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';

/**
 * What RFC 9113 and RFC 7541 want of a server that is sent this, frame by frame. `connection`: it ends with an error. `stream`: the stream is refused by a
 * reset or a status of 4xx, or as if it were an error of the connection (§5.4.1). `answered`: 200.
 */
type Wanted = 'connection' | 'stream' | 'answered';
type Field = readonly [name: string, value: string];

const {
  data,
  headers,
  priority,
  resetStream,
  settings,
  pushPromise,
  ping,
  goaway,
  windowUpdate,
  continuation,
} = TYPE;
const END = FLAG.endHeaders | FLAG.endStream;

const METHOD: Field = [':method', 'GET'];
const SCHEME: Field = [':scheme', 'https'];
const AUTHORITY: Field = [':authority', 'a'];
const PATH: Field = [':path', '/db'];
const GET = [METHOD, SCHEME, AUTHORITY, PATH];
const POST: readonly Field[] = [[':method', 'POST'], SCHEME, AUTHORITY, PATH];

const ask = (...fields: readonly Field[]) => frame(headers, END, 1, fieldBlock(...fields));
const begin = (...fields: readonly Field[]) => frame(headers, FLAG.endHeaders, 1, fieldBlock(...fields));
const getOn = (stream: number) => frame(headers, END, stream, fieldBlock(...GET));

const ROWS: readonly (readonly [Wanted, string, ...Buffer[]])[] = [
  // Frames (§4, §5).
  ['answered', 'a request', ask(...GET)],
  ['answered', 'a frame of a type that nobody knows', frame(0x16, 0, 0, '00'), ask(...GET)],
  ['answered', 'flags that mean nothing', frame(ping, 0xfe, 0, Buffer.alloc(8)), ask(...GET)],
  ['answered', 'a reserved bit before the stream', frame(headers, END, 0x80000001, fieldBlock(...GET))],
  ['connection', 'a frame of more than 16 KiB', frame(data, 0, 1, Buffer.alloc(16_385))],
  ['connection', 'HEADERS of more than 16 KiB', frame(headers, END, 1, Buffer.alloc(16_385))],
  ['connection', 'a stream of an even number', getOn(2)],
  ['connection', 'HEADERS on the connection', getOn(0)],
  ['connection', 'DATA on the connection', frame(data, 0, 0, '78')],
  ['connection', 'DATA on an idle stream', frame(data, 0, 1, '78')],
  ['stream', 'DATA behind the end of a stream', getOn(1), frame(data, FLAG.endStream, 1, '78')],
  ['stream', 'HEADERS behind the end of a stream', getOn(1), getOn(1)],
  ['connection', 'DATA of padding longer than itself', begin(...POST), frame(data, FLAG.padded, 1, '0578')],
  ['connection', 'HEADERS of padding longer than themselves', frame(headers, END | FLAG.padded, 1, 'ff82')],
  [
    'answered',
    'HEADERS with padding',
    frame(
      headers,
      END | FLAG.padded,
      1,
      Buffer.concat([Buffer.from([2]), fieldBlock(...GET), Buffer.alloc(2)]),
    ),
  ],
  [
    'answered',
    'HEADERS with a priority',
    frame(
      headers,
      END | FLAG.priority,
      1,
      Buffer.concat([Buffer.from('0000000010', 'hex'), fieldBlock(...GET)]),
    ),
  ],
  // Blocks of fields in parts (§6.10).
  [
    'answered',
    'CONTINUATION',
    frame(headers, FLAG.endStream, 1, fieldBlock(METHOD, SCHEME)),
    frame(continuation, FLAG.endHeaders, 1, fieldBlock(AUTHORITY, PATH)),
  ],
  ['connection', 'CONTINUATION without HEADERS', frame(continuation, FLAG.endHeaders, 1, fieldBlock(...GET))],
  [
    'connection',
    'another frame before CONTINUATION',
    frame(headers, FLAG.endStream, 1, fieldBlock(...GET)),
    frame(ping, 0, 0, Buffer.alloc(8)),
  ],
  [
    'connection',
    'CONTINUATION of another stream',
    frame(headers, FLAG.endStream, 1, fieldBlock(METHOD)),
    frame(continuation, FLAG.endHeaders, 3, fieldBlock(SCHEME)),
  ],
  ['connection', 'CONTINUATION behind the last one', getOn(1), frame(continuation, FLAG.endHeaders, 1, '')],
  // Other frames (§6.3 to §6.9).
  ['stream', 'PRIORITY of four bytes', begin(...POST), frame(priority, 0, 1, '00000000')],
  ['connection', 'RST_STREAM on the connection', frame(resetStream, 0, 0, uint32(8))],
  ['connection', 'RST_STREAM of an idle stream', frame(resetStream, 0, 1, uint32(8))],
  ['connection', 'RST_STREAM of three bytes', begin(...POST), frame(resetStream, 0, 1, '000000')],
  ['connection', 'SETTINGS on a stream', frame(settings, 0, 1)],
  ['connection', 'SETTINGS of five bytes', frame(settings, 0, 0, '0003000000')],
  ['connection', 'an answer to SETTINGS with a payload', frame(settings, FLAG.ack, 0, '000300000001')],
  ['connection', 'ENABLE_PUSH of 2', frame(settings, 0, 0, '000200000002')],
  ['connection', 'INITIAL_WINDOW_SIZE above 2^31-1', frame(settings, 0, 0, '000480000000')],
  ['connection', 'MAX_FRAME_SIZE below 2^14', frame(settings, 0, 0, '000500003fff')],
  ['connection', 'MAX_FRAME_SIZE above 2^24-1', frame(settings, 0, 0, '000501000000')],
  ['answered', 'a setting that nobody knows', frame(settings, 0, 0, '00ff00000001'), ask(...GET)],
  [
    'connection',
    'PUSH_PROMISE of a client',
    begin(...POST),
    frame(pushPromise, FLAG.endHeaders, 1, Buffer.concat([uint32(2), fieldBlock(...GET)])),
  ],
  ['connection', 'PING on a stream', frame(ping, 0, 1, Buffer.alloc(8))],
  ['connection', 'PING of seven bytes', frame(ping, 0, 0, Buffer.alloc(7))],
  ['connection', 'GOAWAY on a stream', frame(goaway, 0, 1, Buffer.alloc(8))],
  ['connection', 'WINDOW_UPDATE of nothing on the connection', frame(windowUpdate, 0, 0, uint32(0))],
  ['stream', 'WINDOW_UPDATE of nothing on a stream', begin(...POST), frame(windowUpdate, 0, 1, uint32(0))],
  ['connection', 'WINDOW_UPDATE of three bytes', frame(windowUpdate, 0, 0, '000001')],
  ['connection', 'a window of the connection above 2^31-1', frame(windowUpdate, 0, 0, uint32(0x7fffffff))],
  [
    'stream',
    'a window of a stream above 2^31-1',
    begin(...POST),
    frame(windowUpdate, 0, 1, uint32(0x7fffffff)),
  ],
  ['connection', 'WINDOW_UPDATE of an idle stream', frame(windowUpdate, 0, 1, uint32(1))],
  // HPACK (RFC 7541).
  ['connection', 'the index 0', frame(headers, END, 1, '80')],
  ['connection', 'an index beyond both tables', frame(headers, END, 1, 'ff00')],
  ['connection', 'a table size above the one that is allowed', frame(headers, END, 1, '3fe2ff03')],
  [
    'connection',
    'a table size behind a field',
    frame(headers, END, 1, Buffer.concat([fieldBlock(...GET), Buffer.from('20', 'hex')])),
  ],
  ['connection', 'a field that breaks off', frame(headers, END, 1, '000a61')],
  ['connection', 'an integer without an end', frame(headers, END, 1, 'ffffffffffffffffffffff')],
  ['connection', 'Huffman with EOS', frame(headers, END, 1, '000161 84ffffffff')],
  ['connection', 'Huffman padded with zeros', frame(headers, END, 1, '000161 8100')],
  // Requests (§8).
  ['stream', 'no :method', ask(SCHEME, AUTHORITY, PATH)],
  ['stream', 'no :scheme', ask(METHOD, AUTHORITY, PATH)],
  ['stream', 'no :path', ask(METHOD, SCHEME, AUTHORITY)],
  ['stream', 'an empty :path', ask(METHOD, SCHEME, AUTHORITY, [':path', ''])],
  ['stream', 'neither :authority nor host', ask(METHOD, SCHEME, PATH)],
  ['stream', 'two :method', ask(METHOD, ...GET)],
  ['stream', 'two :scheme', ask(...GET, SCHEME)],
  ['stream', 'two :path', ask(...GET, [':path', '/other'])],
  ['stream', 'two :authority', ask(...GET, [':authority', 'b'])],
  ['stream', 'a :status', ask(...GET, [':status', '200'])],
  ['stream', 'a pseudo-field that nobody knows', ask(...GET, [':other', 'x'])],
  ['stream', 'a pseudo-field behind a field', ask(METHOD, SCHEME, AUTHORITY, ['x-a', '1'], PATH)],
  ['stream', 'another host than the authority', ask(...GET, ['host', 'b'])],
  ['stream', 'a name in upper case', ask(...GET, ['X-A', '1'])],
  ['stream', 'connection', ask(...GET, ['connection', 'close'])],
  ['stream', 'keep-alive', ask(...GET, ['keep-alive', 'timeout=5'])],
  ['stream', 'proxy-connection', ask(...GET, ['proxy-connection', 'keep-alive'])],
  ['stream', 'transfer-encoding', ask(...GET, ['transfer-encoding', 'chunked'])],
  ['stream', 'upgrade', ask(...GET, ['upgrade', 'websocket'])],
  ['stream', 'te of something else than trailers', ask(...GET, ['te', 'gzip'])],
  ['answered', 'te: trailers', ask(...GET, ['te', 'trailers'])],
  ['stream', 'a length without a body', ask(...POST, ['content-length', '1'])],
  [
    'stream',
    'a body that is longer',
    begin(...POST, ['content-length', '1']),
    frame(data, FLAG.endStream, 1, '7878'),
  ],
  [
    'stream',
    'a body that is shorter',
    begin(...POST, ['content-length', '3']),
    frame(data, FLAG.endStream, 1, '7878'),
  ],
  [
    'stream',
    'a length that is none',
    begin(...POST, ['content-length', '+1']),
    frame(data, FLAG.endStream, 1, '78'),
  ],
  [
    'stream',
    'two lengths',
    begin(...POST, ['content-length', '1'], ['content-length', '2']),
    frame(data, FLAG.endStream, 1, '78'),
  ],
  [
    'answered',
    'a body of several frames',
    begin(...POST, ['content-length', '2']),
    frame(data, 0, 1, '78'),
    frame(data, FLAG.endStream, 1, '78'),
  ],
  [
    'answered',
    'trailers',
    begin(...POST),
    frame(data, 0, 1, '78'),
    frame(headers, END, 1, fieldBlock(['x-sum', '1'])),
  ],
  [
    'stream',
    'a pseudo-field in trailers',
    begin(...POST),
    frame(headers, END, 1, fieldBlock([':path', '/other'])),
  ],
  [
    'stream',
    'trailers that do not end the stream',
    begin(...POST),
    frame(headers, FLAG.endHeaders, 1, fieldBlock(['x-sum', '1'])),
  ],
  ['stream', 'CONNECT with a path', ask([':method', 'CONNECT'], SCHEME, AUTHORITY, PATH)],
  ['stream', 'a :protocol without CONNECT', ask(...GET, [':protocol', 'websocket'])],
];

/** Here nghttp2 is milder than the RFC, and nothing tells us: what is wrong is left out, and the rest is a request. */
const LEFT_OUT: readonly (readonly [string, ...Buffer[]])[] = [
  ['an empty name', ask(...GET, ['', '1'])],
  ['a name with a space', ask(...GET, ['x a', '1'])],
  ['a name with a colon', ask(...GET, ['x:a', '1'])],
  ['a value with a line break', ask(...GET, ['x-a', '1\r\nx-b: 2'])],
  ['a value with NUL', ask(...GET, ['x-a', '1\0'])],
  ['a stream below one that was open', getOn(5), getOn(3)],
  ['PRIORITY on the connection', frame(priority, 0, 0, '0000000010'), ask(...GET)],
];

const { yaml: TLS, files: SHOP } = SHOP_TLS;

async function outcome(client: RawClient): Promise<Wanted> {
  let frames: Frame[] = [];
  const ended = () => client.ended !== null || frames.some(({ type }) => type === goaway);
  await until('something has come of it', () => {
    frames = framesOf(client.unread());
    return ended() || frames.some(endsStream);
  });
  if (ended()) return 'connection';
  if (frames.some(({ type }) => type === resetStream)) return 'stream';
  // 200 has an index of its own (RFC 7541 §A).
  return frames.find(({ type }) => type === headers)!.payload[0] === 0x88 ? 'answered' : 'stream';
}

function endsStream({ type, flags }: Frame): boolean {
  return type === resetStream || ((type === data || type === headers) && (flags & FLAG.endStream) !== 0);
}

async function start(way: (typeof H2_WAYS)[number]) {
  const service = (await startService()).answer(ok());
  const gateway = await startTestGateway(`${TLS}routes: { /db: ${service.port} }\n`, { files: SHOP });
  return { service, gateway, client: await connectFrames(gateway.port, way) };
}

describe.each(H2_WAYS)('over %s', (way) => {
  test.each(ROWS)('%s: %s', async (wanted, _what, ...frames) => {
    const { service, gateway, client } = await start(way);
    await client.send(Buffer.concat(frames as Buffer[]));
    const came = await outcome(client);
    expect(wanted === 'stream' && came === 'connection' ? 'stream' : came).toBe(wanted);
    expect(service.requests.length).toBe(wanted === 'answered' ? 1 : 0);
    const other = await connectFrames(gateway.port, way);
    await other.send(getOn(1));
    expect(await outcome(other)).toBe('answered');
  });

  test.each(LEFT_OUT)('left out: %s', async (_what, ...frames) => {
    const { service, client } = await start(way);
    await client.send(Buffer.concat(frames as Buffer[]));
    expect(await outcome(client)).toBe('answered');
    const seen = service.requests.map(({ head }) => head.raw);
    expect(seen).toEqual([expect.not.stringMatching(/^(x.[ab]:|:)/im)]);
  });
});
