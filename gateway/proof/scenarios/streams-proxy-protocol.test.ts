import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { connect } from '../testing/raw-client.ts';
import { startService } from '../testing/service.ts';

async function startStream(proxyProtocol: string, host = '127.0.0.1') {
  const port = await freePort();
  const service = await startService({ halfOpen: true });
  const to = `{ to: ${service.port}, proxyProtocol: ${proxyProtocol} }`;
  const yaml = `routes: { /x: 1 }\nstreams: { tcp: { "${host}:${port}": ${to} } }\n`;
  const gateway = await startTestGateway(yaml);
  return { gateway, service, port };
}

const v2Signature = '\r\n\r\n\0\r\nQUIT\n';

describe('a stream that sends a PROXY header', () => {
  test('v1: says who the client is, before anything else', async () => {
    const { service, port } = await startStream('{ send: v1 }');
    const client = await connect(port);
    await client.send('hello');
    const connection = await service.connection();
    const { localPort } = client.socket;
    expect(await connection.until('hello')).toBe(
      `PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${port}\r\nhello`,
    );
  });

  test('v2: the same in binary', async () => {
    const { service, port } = await startStream('{ send: v2 }');
    const client = await connect(port);
    await client.send('hello');
    const header = Buffer.from(await (await service.connection()).until('hello'), 'latin1');
    expect(header.toString('latin1', 0, 12)).toBe(v2Signature);
    expect(header.toString('hex', 12, 24)).toBe('2111000c7f0000017f000001');
    expect([header.readUInt16BE(24), header.readUInt16BE(26)]).toEqual([client.socket.localPort, port]);
    expect(header.toString('latin1', 28)).toBe('hello');
  });

  test.each([
    ['127.0.0.1', 'TCP4 127.0.0.1 127.0.0.1'],
    ['::1', 'TCP6 ::1 ::1'],
  ])('to a client on %s of a listener on :: says %s', async (host, family) => {
    const { service, port } = await startStream('{ send: v1 }', '[::]');
    const client = await connect(port, { host });
    const line = await (await service.connection()).until('\r\n');
    expect(line).toBe(`PROXY ${family} ${client.socket.localPort} ${port}\r\n`);
  });

  test('counts no byte of it', async () => {
    const { gateway, service, port } = await startStream('{ send: v1 }');
    const client = await connect(port, { halfOpen: true });
    await client.send('12345');
    client.fin();
    const connection = await service.connection();
    await connection.rest();
    connection.fin();
    expect(await gateway.log.exchange(0)).toMatchObject({ bytesIn: 5, bytesOut: 0 });
  });
});

describe('a stream that accepts PROXY headers', () => {
  test.each([
    ['v1', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 1234 443\r\n')],
    [
      'v2',
      Buffer.from(`${v2Signature}\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x04\xd2\x01\xbb`, 'latin1'),
    ],
  ])('%s: takes the client from it, and the service gets what follows', async (_version, header) => {
    const { gateway, service, port } = await startStream('{ accept: true }');
    const client = await connect(port, { halfOpen: true });
    for (const byte of header) await client.send(Buffer.from([byte]));
    await client.send('hello');
    const connection = await service.connection();
    expect((await connection.bytes(5)).toString()).toBe('hello');
    client.fin();
    connection.fin();
    expect(await gateway.log.exchange(0)).toMatchObject({ client: '192.0.2.7', bytesIn: 5 });
  });

  test('passes it on, in the other version', async () => {
    const { service, port } = await startStream('{ accept: true, send: v2 }');
    const client = await connect(port);
    await client.send('PROXY TCP6 2001:db8::7 2001:db8::1 1234 443\r\nhello');
    const seen = Buffer.from(await (await service.connection()).until('hello'), 'latin1');
    expect(seen.toString('hex', 12, 52)).toBe(
      '2121002420010db800000000000000000000000720010db800000000000000000000000104d201bb',
    );
  });

  test('says who the proxy is where the proxy speaks for itself', async () => {
    const { service, port } = await startStream('{ accept: true, send: v1 }');
    const client = await connect(port);
    await client.send('PROXY UNKNOWN\r\nhello');
    const { localPort } = client.socket;
    expect(await (await service.connection()).until('hello')).toBe(
      `PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${port}\r\nhello`,
    );
  });

  test('delivers what came with the header, and the end of the client’s half', async () => {
    const { service, port } = await startStream('{ accept: true }');
    const client = await connect(port, { halfOpen: true });
    await client.send('PROXY TCP4 192.0.2.7 198.51.100.1 1234 443\r\nall of it');
    client.fin();
    const connection = await service.connection();
    const { bytes, ending } = await connection.rest();
    expect([bytes.toString(), ending]).toEqual(['all of it', 'fin']);
    await connection.send('heard');
    connection.fin();
    expect((await client.rest()).bytes.toString()).toBe('heard');
  });

  test.each([
    ['no header', 'GET / HTTP/1.1\r\n\r\n', 'bad_request'],
    [
      'a zone, which would be no address in a header to the service',
      'PROXY TCP6 fe80::1%lo ::1 1 2\r\n',
      'bad_request',
    ],
    ['half a header, then its end', 'PROXY TCP4 192', 'client_left'],
    ['nothing, then its end', '', 'client_left'],
  ])('resets a client that sends %s, and asks no service', async (_what, bytes, code) => {
    const { gateway, service, port } = await startStream('{ accept: true, send: v2 }');
    const client = await connect(port, { halfOpen: true });
    if (bytes !== '') await client.send(bytes);
    client.fin();
    expect(await client.ending()).toBe('reset');
    expect(await gateway.log.exchange(0)).toMatchObject({ code, level: 'info', endpoint: null, attempts: 0 });
    expect(service.connections).toEqual([]);
    await until('the gateway holds no socket', () => gatewaySockets().length === 0);
  });

  test('does not make a stopping gateway wait for a header', async () => {
    const { gateway, port } = await startStream('{ accept: true }');
    const client = await connect(port);
    await client.send('PROXY ');
    await until('it has come', () => gatewaySockets().some(({ bytesRead }) => bytesRead === 6));
    await gateway.close(60_000);
    expect(await client.ending()).toBe('reset');
  });
});
