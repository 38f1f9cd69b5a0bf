import http2, { type ServerHttp2Stream } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listening } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { startH2Service } from '../testing/h2-service.ts';
import { until } from '../testing/poll.ts';
import { connect, get, request } from '../testing/raw-client.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { markKitSocket } from '../testing/wire.ts';

const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL } = http2.constants;

async function gatewayTo(port: number, more = '') {
  return startTestGateway(`routes:\n  /db: { to: "h2c://127.0.0.1:${port}"${more} }\n`);
}

/** Reads the whole of a request's body. */
async function bodyOf(stream: ServerHttp2Stream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('a service that speaks HTTP/2', () => {
  test('is asked with the authority, the rest of the path, and fields that HTTP/2 may have', async () => {
    const service = await startH2Service((stream, headers) => {
      stream.respond({ ':status': 201, 'set-cookie': ['a=1', 'b=2'], 'x-seen': JSON.stringify(headers) });
      stream.end('made');
    });
    const gateway = await gatewayTo(service.port);
    const client = await gateway.connect();
    const answer = await client.exchange(
      get('/db/x?y=1', 'Host: shop.test', 'TE: trailers', 'X-Many: 1', 'X-Many: 2'),
    );
    const told = [answer.status, answer.text, answer.head.values('set-cookie')];
    expect(told).toEqual([201, 'made', ['a=1', 'b=2']]);
    const seen = JSON.parse(answer.head.value('x-seen')!);
    expect(seen).toMatchObject({
      ':method': 'GET',
      ':scheme': 'http',
      ':authority': 'shop.test',
      ':path': '/x?y=1',
      te: 'trailers',
      'x-many': '1, 2',
      'x-forwarded-proto': 'http',
    });
    expect(seen).not.toHaveProperty('host');
    expect(seen).not.toHaveProperty('connection');
  });

  test('gets bodies with a length and without one, and both kinds of trailers pass', async () => {
    const service = await startH2Service(async (stream, headers) => {
      let trailers: http2.IncomingHttpHeaders = {};
      stream.on('trailers', (got) => {
        trailers = got;
      });
      const body = await bodyOf(stream);
      stream.respond({ 'x-length': headers['content-length'] ?? 'none' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-back': String(trailers['x-sum'] ?? '-') }));
      stream.end(body);
    });
    const gateway = await gatewayTo(service.port);
    const client = await gateway.connect();
    const body = 'x'.repeat(300_000);
    const counted = await client.exchange(request('POST', '/db', [], body));
    expect([counted.text === body, counted.head.value('x-length')]).toEqual([true, '300000']);
    const chunked =
      'POST /db HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 7\r\n\r\n';
    await client.send(chunked);
    const answer = await client.answer();
    const seen = [answer.text, answer.head.value('x-length'), answer.trailers.value('x-back')];
    expect(seen).toEqual(['abc', 'none', '7']);
  });

  test('carries many exchanges on one connection, and WebSockets aside all of them', async () => {
    const waiting: ServerHttp2Stream[] = [];
    const service = await startH2Service((stream) => {
      waiting.push(stream);
      if (waiting.length === 30) for (const each of waiting) each.respond({}, { endStream: true });
    });
    const gateway = await gatewayTo(service.port);
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async () => (await gateway.get('/db')).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(service.sessions).toHaveLength(1);
  });

  test('that allows few streams is given no more of them at once', async () => {
    let [now, most] = [0, 0];
    const service = await startH2Service(
      (stream) => {
        most = Math.max(most, ++now);
        setImmediate(() => {
          now--;
          stream.respond({}, { endStream: true });
        });
      },
      { settings: { maxConcurrentStreams: 2 } },
    );
    const gateway = await gatewayTo(service.port, ', limits: { connections: 6 }');
    await gateway.get('/db');
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async () => (await gateway.get('/db')).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(most).toBeLessThanOrEqual(6);
    expect(service.sessions.length).toBeLessThanOrEqual(4);
  });

  test('over TLS is asked by ALPN, and judged by its certificate', async () => {
    const shown = selfSigned('db.test');
    const service = await startH2Service(
      (stream) => stream.respond({ ':status': 204 }, { endStream: true }),
      { shown },
    );
    const route = `routes:\n  /db: { to: "h2://127.0.0.1:${service.port}", tls: { ca: ca.crt, serverName: db.test } }\n  /no: "h2://127.0.0.1:${service.port}"\n`;
    const gateway = await startTestGateway(route, { files: { 'ca.crt': shown.cert } });
    expect((await gateway.get('/db')).status).toBe(204);
    expect(JSON.parse((await gateway.get('/no', 'Accept: application/json')).text).code).toBe(
      'certificate_refused',
    );
  });

  test('is checked by HTTP/2, too', async () => {
    let status = 503;
    const service = await startH2Service((stream) =>
      stream.respond({ ':status': status }, { endStream: true }),
    );
    const gateway = await gatewayTo(
      service.port,
      ', health: { path: /healthz, interval: 50ms, timeout: 40ms, unhealthyAfter: 1, healthyAfter: 1 }',
    );
    const state = async () => (await gateway.gateway.figure('routes'))[0]?.endpoints[0]?.state;
    await until('it is down', async () => (await state()) === 'down');
    status = 200;
    await until('it is up', async () => (await state()) === 'up');
    expect(service.asked).toContain('GET /healthz');
  });
});

describe('what does not come to its end', () => {
  test('an answer that breaks off is one for the client, too', async () => {
    const service = await startH2Service((stream) => {
      stream.respond({});
      stream.write('half');
      setTimeout(() => stream.destroy(new Error('broken')), 20);
    });
    const gateway = await gatewayTo(service.port);
    const session = await connectH2(gateway.port, 'http');
    await expect(exchangeH2(session, { ':path': '/db' })).rejects.toThrow();
    expect(await gateway.log.exchange(200)).toMatchObject({ code: 'answer_truncated' });
  });

  test('one that is shorter than its length is, though its stream ended in peace', async () => {
    const service = await startH2Service((stream) => {
      stream.respond({ 'content-length': 100 });
      stream.write('half');
      setTimeout(() => stream.close(http2.constants.NGHTTP2_NO_ERROR), 20);
    });
    const gateway = await gatewayTo(service.port);
    await expect(gateway.get('/db')).rejects.toThrow();
    expect(await gateway.log.exchange(200)).toMatchObject({ code: 'answer_truncated' });
  });

  test('a stream that is refused is asked for again, a POST without a body among them', async () => {
    let refusals = 1;
    const service = await startH2Service((stream) => {
      if (refusals-- > 0) stream.close(NGHTTP2_REFUSED_STREAM);
      else stream.respond({}, { endStream: true });
    });
    const gateway = await gatewayTo(service.port);
    expect((await gateway.exchange(request('POST', '/db'))).status).toBe(200);
    refusals = 100;
    const answer = await gateway.get('/db', 'Accept: application/json');
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, 'stream_refused']);
  });

  test('what a GOAWAY leaves out is asked for again on another connection', async () => {
    const service = await startH2Service((stream) => {
      // The first exchange of a connection is answered, the second left out.
      if (stream.id === 1) return stream.respond({ ':status': 201 }, { endStream: true });
      stream.session!.goaway(0, 1);
      return undefined;
    });
    const gateway = await gatewayTo(service.port);
    for (let i = 0; i < 2; i++) expect((await gateway.exchange(request('POST', '/db'))).status).toBe(201);
    expect(service.sessions).toHaveLength(2);
  });

  test('a reset is no answer: 502, and asked once', async () => {
    const service = await startH2Service((stream) => stream.close(NGHTTP2_INTERNAL_ERROR));
    const gateway = await gatewayTo(service.port);
    const answer = await gateway.get('/db', 'Accept: application/json');
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([502, 'bad_answer']);
    expect(service.asked).toHaveLength(1);
  });

  test('a service that ends its side ends the connection, and another one is opened', async () => {
    const service = await startH2Service((stream) => stream.respond({}, { endStream: true }));
    const gateway = await gatewayTo(service.port);
    await gateway.get('/db');
    const [session] = service.sessions;
    session!.destroy();
    await until('the gateway has closed it', () => session!.destroyed);
    expect((await gateway.get('/db')).status).toBe(200);
  });

  test('a client that leaves resets its stream, and the connection serves on', async () => {
    const reset = Promise.withResolvers<number>();
    const service = await startH2Service((stream, headers) => {
      if (headers[':path'] === '/quick') return stream.respond({}, { endStream: true });
      stream.on('close', () => reset.resolve(stream.rstCode));
      return undefined;
    });
    const gateway = await gatewayTo(service.port);
    const client = await gateway.connect();
    await client.send(get('/db/slow'));
    await until('it was asked', () => service.asked.length === 1);
    client.destroy();
    expect(await reset.promise).toBe(NGHTTP2_CANCEL);
    expect((await gateway.get('/db/quick')).status).toBe(200);
    expect(service.sessions).toHaveLength(1);
  });

  test('a client that leaves in an upload of known length resets its stream, and does not end it', async () => {
    const reset = Promise.withResolvers<number>();
    const service = await startH2Service((stream) => {
      stream.resume().on('close', () => reset.resolve(stream.rstCode));
    });
    const client = await (await gatewayTo(service.port)).connect();
    await client.send('POST /db HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
    await until('it was asked', () => service.asked.length === 1);
    client.destroy();
    // The gateway's own reset, not the service's for a length that does not fit.
    expect(await reset.promise).toBe(NGHTTP2_INTERNAL_ERROR);
  });

  test('an early answer to an upload is delivered', async () => {
    const service = await startH2Service((stream) => {
      stream.respond({ ':status': 413 });
      stream.end('too much');
    });
    const gateway = await gatewayTo(service.port);
    const client = await gateway.connect();
    await client.send(`POST /db HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1000)}`);
    expect(await client.answer()).toMatchObject({ status: 413, text: 'too much' });
  });

  test('an early answer without a body to an upload of unknown length is delivered, and harms nobody', async () => {
    const service = await startH2Service((stream) => stream.respond({ ':status': 413 }, { endStream: true }));
    const gateway = await gatewayTo(service.port);
    for (const _again of [1, 2]) {
      const client = await gateway.connect();
      await client.send('POST /db HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
      expect(await client.answer()).toMatchObject({ status: 413, text: '' });
    }
  });

  test('one that is silent is a 504 in time', async () => {
    const service = await startH2Service(() => {});
    const gateway = await gatewayTo(service.port, ', timeouts: { response: 100ms }');
    expect((await gateway.get('/db')).status).toBe(504);
  });

  test('a connection that never says its SETTINGS is asked once', async () => {
    const h2 = http2.createServer((_request, response) => void response.end());
    let connections = 0;
    const server = createServer((socket) => {
      markKitSocket(socket).on('error', () => {});
      onTestFinished(() => void socket.destroy());
      if (++connections > 1) h2.emit('connection', socket);
      else socket.resume();
    });
    onTestFinished(() => void server.close());
    const gateway = await gatewayTo(await listening(server), ', timeouts: { response: 500ms }');
    expect((await gateway.get('/db')).status).toBe(504);
    expect((await gateway.get('/db')).status).toBe(200);
    expect(connections).toBe(2);
  });

  test('one that speaks HTTP/1.1 is a 502', async () => {
    const server = createServer((socket) => {
      markKitSocket(socket).on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
    });
    const gateway = await gatewayTo(await listening(server));
    expect((await gateway.get('/db')).status).toBe(502);
  });

  test('a slow reader holds the service back', async () => {
    let written = 0;
    const service = await startH2Service((stream, headers) => {
      stream.respond({});
      if (headers[':path'] === '/turn') return void stream.end();
      const chunk = Buffer.alloc(64 * 1024);
      const more = () => {
        for (let flows = true; flows && written < 256 * 1024 * 1024; written += chunk.length)
          flows = stream.write(chunk);
      };
      stream.on('drain', more);
      more();
    });
    const gateway = await gatewayTo(service.port);
    const client = await gateway.connect();
    client.socket.pause();
    await client.send(get('/db'));
    // An answer on the same session comes behind all that the service was let write, and its request behind every new permission.
    await until('it is held back', async () => {
      const before = written;
      for (let turn = 0; turn < 5; turn++) await gateway.get('/db/turn');
      return written > 0 && written === before;
    });
    expect(written).toBeLessThan(32 * 1024 * 1024);
    client.destroy();
  });
});

/** Frames of a service that means harm, behind its SETTINGS (RFC 9113 §6). */
const SETTINGS = Buffer.from('000000040000000000', 'hex');
const PING = Buffer.from(`000008060000000000${'00'.repeat(8)}`, 'hex');
/** HEADERS on stream 1 without END_HEADERS, `:status: 200`. */
const BEGUN_HEADERS = Buffer.from('00000101000000000188', 'hex');
const CONTINUATION = Buffer.concat([
  Buffer.from('004000090000000001', 'hex'),
  Buffer.concat([
    Buffer.from('000161', 'hex'),
    Buffer.from([0x7f, 0xff, 0x7d]),
    Buffer.alloc(16 * 1024 - 6, 'x'),
  ]),
]);

describe('a hostile service', () => {
  async function hostile(act: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      markKitSocket(socket).on('error', () => {});
      socket.once('data', () => {
        socket.write(SETTINGS);
        act(socket);
      });
    });
    onTestFinished(() => void server.close());
    return listening(server);
  }

  test.each<[string, (socket: Socket) => void]>([
    ['that floods with PING', (socket) => flood(socket, PING)],
    ['that floods with SETTINGS', (socket) => flood(socket, SETTINGS)],
    [
      'whose head never ends',
      (socket) => {
        socket.write(BEGUN_HEADERS);
        flood(socket, CONTINUATION);
      },
    ],
    ['that sends a head in vain', (socket) => socket.write(Buffer.from('000001010400000007' + '88', 'hex'))],
    ['that sends noise', (socket) => flood(socket, Buffer.alloc(1024, 0xff))],
    ['that pushes', (socket) => socket.write(Buffer.from('000005050400000001' + '00000002' + '88', 'hex'))],
    ['whose trailers come first', (socket) => socket.write(Buffer.from('00000001050000000' + '1', 'hex'))],
    ['that hangs up', (socket) => socket.resetAndDestroy()],
    [
      'with a window of nothing',
      (socket) => socket.write(Buffer.from('000006040000000000' + '000400000000', 'hex')),
    ],
  ])('%s costs its own exchanges and no more', async (_what, act) => {
    const good = await startH2Service((stream) => stream.respond({}, { endStream: true }));
    const port = await hostile(act);
    const yaml = `routes:\n  /bad: { to: "h2c://127.0.0.1:${port}", timeouts: { response: 500ms } }\n  /good: "h2c://127.0.0.1:${good.port}"\n`;
    const gateway = await startTestGateway(yaml);
    const body = request('POST', '/bad', [], 'x'.repeat(100));
    const client = await connect(gateway.port);
    const answered = client.exchange(body);
    expect((await gateway.get('/good')).status).toBe(200);
    expect((await answered).status).toBeGreaterThanOrEqual(502);
    expect((await gateway.get('/good')).status).toBe(200);
  });
});

describe('a status that HTTP does not have (RFC 9110 §15)', () => {
  const FINAL = 0x05;
  const INTERIM = 0x04;

  /** HEADERS on stream 1, whose only field is `:status` (RFC 7541 §6.2.2). */
  function head(status: string, flags: number): Buffer {
    return Buffer.from([0, 0, 5, 1, flags, 0, 0, 0, 1, 0x08, 3, ...Buffer.from(status)]);
  }

  /** Sends the frames when the HEADERS of the first request have come. */
  async function answering(frames: readonly Buffer[]): Promise<number> {
    const server = createServer((socket) => {
      let seen = Buffer.alloc(0);
      let answered = false;
      markKitSocket(socket).on('error', () => {});
      onTestFinished(() => void socket.destroy());
      socket.write(SETTINGS);
      socket.on('data', (chunk: Buffer) => {
        seen = Buffer.concat([seen, chunk]);
        if (answered || !hasHeaders(seen)) return;
        answered = true;
        socket.write(Buffer.concat(frames));
      });
    });
    onTestFinished(() => void server.close());
    return listening(server);
  }

  const rows: [string, Buffer[]][] = [
    ['999', [head('999', FINAL)]],
    ['600', [head('600', FINAL)]],
    ['000', [head('000', FINAL)]],
    ['600 behind a 103', [head('103', INTERIM), head('600', FINAL)]],
    ['099 ahead of the answer', [head('099', INTERIM), head('200', FINAL)]],
    ['101, which HTTP/2 does not have,', [head('101', INTERIM), head('200', FINAL)]],
    ['103 as the end of the stream', [head('103', FINAL)]],
  ];
  const lanes = ['wire', 'general'] as const;
  test.each(lanes.flatMap((lane) => rows.map((row) => [...row, lane] as const)))(
    '%s is a bad answer',
    async (_status, frames, lane) => {
      const gateway = await gatewayTo(
        await answering(frames),
        `, lane: ${lane}, timeouts: { response: 10s }`,
      );
      const answer = await gateway.get('/db', 'Accept: application/json');
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([502, 'bad_answer']);
    },
  );
});

/** Whether a HEADERS frame stands behind the client's preface of 24 bytes (RFC 9113 §3.4, §4.1). */
function hasHeaders(seen: Buffer): boolean {
  for (let at = 24; at + 9 <= seen.length; at += 9 + seen.readUIntBE(at, 3))
    if (seen[at + 3] === 1) return true;
  return false;
}

function flood(socket: Socket, frame: Buffer): void {
  const many = Buffer.concat(Array.from({ length: 200 }, () => frame));
  const more = () => {
    while (!socket.destroyed && socket.write(many));
  };
  socket.on('drain', more);
  more();
}
