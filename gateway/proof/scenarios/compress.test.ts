import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { pageExample } from '../testing/page-example.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startService } from '../testing/service.ts';

const TEXT = 'a body that repeats itself. '.repeat(200);
const DECODED = { br: brotliDecompressSync, gzip: gunzipSync, zstd: zstdDecompressSync } as const;

function answer(fields: string, body = TEXT, status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${fields}\r\n\r\n${body}`;
}

const accepting = (codings: string) => `Accept-Encoding: ${codings}`;

describe.each(laneKinds.filter(({ throughFastify }) => !throughFastify))(
  'compress on $kind',
  ({ routes, files, extended }) => {
    async function stage(said: string, keys = 'compress: true') {
      const service = (await startService()).answer(said);
      return { service, gateway: await startTestGateway(routes('/db', service.port, keys), { files }) };
    }

    test.each([
      ['br, gzip, zstd', 'zstd'],
      ['br, gzip', 'br'],
      ['gzip', 'gzip'],
      ['gzip;q=1, br;q=0.5', 'gzip'],
      ['zstd;q=0, *', 'br'],
      ['x-gzip', 'gzip'],
      ['GZIP ; Q=0.8', 'gzip'],
    ] as const)('%s is answered in %s', async (accept, coding) => {
      const { gateway } = await stage(
        answer(
          'Content-Type: application/json; charset=utf-8\r\nETag: "x"\r\nAccept-Ranges: bytes\r\nContent-MD5: y',
        ),
      );
      const { head, body } = await gateway.get('/db/x', accepting(accept));
      expect(DECODED[coding](body).toString()).toBe(TEXT);
      expect(head.value('content-encoding')).toBe(coding);
      expect(head.value('vary')).toBe('Accept-Encoding');
      expect(head.value('etag')).toBe('W/"x"');
      for (const gone of ['content-length', 'accept-ranges', 'content-md5'])
        expect(head.values(gone), gone).toEqual([]);
      expect(await gateway.log.exchange(200)).toMatchObject({ bytesOut: body.length });
    });

    test.each([
      ['a client that takes none', 'identity', 'Content-Type: text/plain', TEXT, '200 OK'],
      ['a client that likes none better', 'gzip;q=0.5, identity', 'Content-Type: text/plain', TEXT, '200 OK'],
      ['a client that takes no zstd, br, gzip', 'deflate', 'Content-Type: text/plain', TEXT, '200 OK'],
      ['a picture', 'gzip', 'Content-Type: image/png', TEXT, '200 OK'],
      ['a small body', 'gzip', 'Content-Type: text/plain', 'small', '200 OK'],
      ['what is encoded', 'gzip', 'Content-Type: text/plain\r\nContent-Encoding: deflate', TEXT, '200 OK'],
      ['no-transform', 'gzip', 'Content-Type: text/plain\r\nCache-Control: no-transform', TEXT, '200 OK'],
      [
        'a part',
        'gzip',
        'Content-Type: text/plain\r\nContent-Range: bytes 0-9/99',
        TEXT,
        '206 Partial Content',
      ],
    ])('%s stays as it is', async (_, accept, fields, body, status) => {
      const { gateway } = await stage(answer(`${fields}\r\nETag: "x"`, body, status));
      const got = await gateway.get('/db/x', accepting(accept));
      expect(got.text).toBe(body);
      expect(got.head.value('content-length')).toBe(String(body.length));
      expect(got.head.value('etag')).toBe('"x"');
      const varies = !accept.startsWith('gzip') || accept.includes('identity');
      expect(got.head.values('vary')).toEqual(varies ? ['Accept-Encoding'] : []);
    });

    test('HEAD is told what GET would be, and the connection goes on', async () => {
      const { service, gateway } = await stage(answer('Content-Type: text/plain'));
      service.answer(({ method }) =>
        method === 'HEAD'
          ? answer('Content-Type: text/plain').slice(0, -TEXT.length)
          : answer('Content-Type: text/plain'),
      );
      const client = await gateway.connect();
      const told = await client.exchange(request('HEAD', '/db/x', [accepting('br')]));
      const seen = [told.head.value('content-encoding'), told.head.value('content-length')];
      expect(seen).toEqual(['br', undefined]);
      const whole = await client.exchange(get('/db/x', accepting('br')));
      expect(brotliDecompressSync(whole.body).toString()).toBe(TEXT);
      client.destroy();
    });

    test('a client that comes back with the weak tag is asked about by both', async () => {
      const { service, gateway } = await stage('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n');
      const same = await gateway.get('/db/x', accepting('br'), 'If-None-Match: W/"x", "y"');
      const seen = [same.status, same.head.value('etag'), same.head.value('vary')];
      expect(seen).toEqual([304, 'W/"x"', 'Accept-Encoding']);
      expect(service.request.head.value('if-none-match')).toBe('W/"x", "x", "y"');
    });

    test('an event does not wait for the next one', async () => {
      const { service, gateway } = await stage('');
      service.answer(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n',
      );
      const client = await gateway.connect();
      await client.send(get('/db/x', accepting('gzip')));
      expect((await client.head()).value('content-encoding')).toBe('gzip');
      let bytes = Buffer.alloc(0);
      while (!partOf(bytes).includes('data: 1')) bytes = Buffer.concat([bytes, await client.chunk()]);
      client.destroy();
    });

    test('a service that breaks off breaks the compressed answer off', async () => {
      const { service, gateway } = await stage('');
      service.answer(async (_request, connection) => {
        await connection.send(
          `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99999\r\n\r\n${TEXT}`,
        );
        connection.destroy();
        return undefined;
      });
      const client = await gateway.connect();
      await client.send(get('/db/x', accepting('gzip')));
      const { bytes } = await client.rest();
      expect(bytes.toString('latin1')).not.toContain('\r\n0\r\n\r\n');
      expect((await gateway.log.exchange(200)).code).toBe('answer_truncated');
    });

    test.skipIf(extended)('what a cache kept is compressed for each client as it likes', async () => {
      const { service, gateway } = await stage(
        answer('Content-Type: text/plain\r\nCache-Control: max-age=60'),
        'compress: true, cache: true',
      );
      expect((await gateway.get('/db/x')).text).toBe(TEXT);
      expect(gunzipSync((await gateway.get('/db/x', accepting('gzip'))).body).toString()).toBe(TEXT);
      expect(brotliDecompressSync((await gateway.get('/db/x', accepting('br'))).body).toString()).toBe(TEXT);
      expect(service.requests).toHaveLength(1);
    });

    test('a client that does not read holds the service back, and one that leaves ends it', async () => {
      const { service, gateway } = await stage('');
      const noise = Buffer.from(
        Array.from({ length: 1 << 20 }, () => Math.floor(Math.random() * 256)),
      ).toString('base64');
      service.answer(answer('Content-Type: text/plain', noise.repeat(40)));
      const client = await gateway.connect();
      await client.send(get('/db/x', accepting('gzip')));
      await client.head();
      client.destroy();
      const { bytesOut } = await gateway.log.exchange(499);
      expect(bytesOut).toBeLessThan(noise.length * 30);
      await until('the service is left alone', () => service.connections[0]!.ended !== null);
    });
  },
);

/** As much as can be read of it by now. */
function partOf(bytes: Buffer): string {
  try {
    return gunzipSync(bytes, { finishFlush: 2 }).toString();
  } catch {
    return '';
  }
}

test('over HTTP/2, and by the example of compress.md', async () => {
  const service = (await startService()).answer(answer('Content-Type: application/json'));
  const gateway = await startTestGateway(
    pageExample('compress.md').replace(/\b(?:3001|4000)\b/g, `${service.port}`),
  );
  const session = await connectH2(gateway.port, 'http');
  const many = await Promise.all(
    Array.from({ length: 20 }, () => exchangeH2(session, { ':path': '/db/x', 'accept-encoding': 'gzip' })),
  );
  expect(many.map(({ headers }) => headers['content-encoding'])).toEqual(many.map(() => 'gzip'));
  const api = await gateway.get('/api/x', accepting('zstd, br'));
  expect(brotliDecompressSync(api.body).toString()).toBe(TEXT);
});

test('files of a folder', async () => {
  const gateway = await startTestGateway('compress: true\nroutes:\n  /: { folder: . }\n', {
    files: { 'a.txt': TEXT },
  });
  const got = await gateway.get('/a.txt', accepting('gzip'));
  expect(gunzipSync(got.body).toString()).toBe(TEXT);
  expect(got.head.values('vary')).toEqual(['Accept-Encoding']);
});

// They were counted for each route: ten routes held 2.5 GiB at the worst.
test('the bound of encoders is one for all routes, and survives a reload', async () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
  const service = (await startService()).answer(`${head}8\r\ndata: x\n\r\n`);
  const yaml = ['/a', '/b'].map((path) => `  ${path}: { to: ${service.port}, compress: true }\n`).join('');
  const gateway = await startTestGateway(`routes:\n${yaml}`);
  const clients: { destroy(): void }[] = [];
  const codingOf = async (path: string) => {
    const client = await gateway.connect();
    clients.push(client);
    await client.send(get(path, accepting('gzip')));
    return (await client.until('\r\n\r\n')).includes('Content-Encoding: gzip');
  };
  const begun = await Promise.all(Array.from({ length: 256 }, () => codingOf('/a/')));
  expect(begun.every(Boolean)).toBe(true);
  expect(await codingOf('/b/')).toBe(false);
  await gateway.editAndReload(`routes:\n${yaml}  /c: ${service.port}\n`);
  expect(await codingOf('/b/')).toBe(false);
  for (const client of clients) client.destroy();
  await until('a place of those who left', () => codingOf('/b/'));
});
