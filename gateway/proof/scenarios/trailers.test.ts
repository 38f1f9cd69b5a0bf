import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { chunk, ok, startService } from '../testing/service.ts';
import { keysFile } from '../testing/users-file.ts';

const withTrailers =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Time\r\n\r\n' +
  `${chunk('body')}0\r\nX-Sum: 4\r\nX-Time: \xe9\r\n\r\n`;

describe.each(laneKinds)('trailers on $kind', ({ routes, files, throughFastify }) => {
  test.skipIf(throughFastify)('of an answer reach the client', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(withTrailers);
    const client = await gateway.connect();
    const answer = await client.exchange(get('/db/', 'TE: trailers', 'Connection: TE'));
    expect(answer.text).toBe('body');
    expect(answer.trailers.lines).toEqual(['X-Sum: 4', 'X-Time: \xe9']);
    expect((await client.exchange(get('/db/'))).text).toBe('body');
  });

  test.skipIf(throughFastify)('that nobody announced reach the client too', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(withTrailers.replace('Trailer: X-Sum, X-Time\r\n', ''));
    expect((await gateway.get('/db/', 'TE: trailers')).trailers.value('x-sum')).toBe('4');
  });

  test.runIf(throughFastify)('of an answer are dropped with their announcement', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(withTrailers);
    const client = await gateway.connect();
    const answer = await client.exchange(get('/db/', 'TE: trailers'));
    expect([answer.text, answer.head.has('trailer'), answer.trailers.lines]).toEqual(['body', false, []]);
    expect((await client.exchange(get('/db/'))).text).toBe('body');
  });

  test('are dropped with their announcement for a client of HTTP/1.0', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(withTrailers);
    const client = await gateway.connect();
    await client.send('GET /db/ HTTP/1.0\r\nHost: a\r\n\r\n');
    const answer = await client.answer();
    expect(answer.text).toBe('body');
    expect(answer.head.has('trailer')).toBe(false);
    expect(answer.head.has('transfer-encoding')).toBe(false);
  });

  test('of a request arrive', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    const client = await gateway.connect();
    const body = `${chunk('body')}0\r\nX-Sum: 4\r\nX-Time: \xe9\r\n\r\n`;
    await client.send(request('POST', '/db/', ['Transfer-Encoding: chunked', 'Trailer: X-Sum'], body));
    expect((await client.answer()).status).toBe(200);
    expect(service.request.body.toString()).toBe('body');
    const { head, trailers } = service.request;
    expect(head.value('trailer')).toBe('X-Sum');
    expect(trailers.lines).toEqual(['X-Sum: 4', 'X-Time: \xe9']);
  });

  test.each([
    'Content-Length: 99',
    'Transfer-Encoding: gzip',
    'Host: evil.test',
    'X-Forwarded-For: 10.9.9.9',
    'X-Forwarded-User: admin',
    'X-API-Key: pw_one',
    'X_API_Key: pw_one',
    'X_Forwarded_User: admin',
  ])('of a request never become fields: %s', async (line) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    const client = await gateway.connect();
    const body = `${chunk('body')}0\r\n${line}\r\n\r\n`;
    await client.send(request('POST', '/db/', ['Transfer-Encoding: chunked'], body));
    expect([200, 400]).toContain((await client.answer()).status);
    for (const received of service.requests)
      expect([...received.head.lines, ...received.trailers.lines]).not.toContain(line);
  });

  test.each([
    ['a key', 'auth: { keys: keys.txt, header: X-Shop-Key }', 'X-Shop-Key', 'X-Shop-Key: pw_one'],
    ['a copy', 'auth: { forward: "http://127.0.0.1:ASKED/", copy: X-Email }', 'X-Email', 'X-Any: 1'],
    ['a rule', 'headers: { request: { remove: X-Debug, set: { X-Team: db } } }', 'X-Debug', 'X-Any: 1'],
    ['a rule', 'headers: { request: { remove: X-Debug, set: { X-Team: db } } }', 'X-Team', 'X-Any: 1'],
  ])('of a request never are what %s of the route decides: %s %s', async (_, keys, name, proof) => {
    const service = (await startService()).answer(ok());
    const all = { 'keys.txt': keysFile({ ann: 'pw_one' }), ...files };
    const asked = (await startService()).answer(ok());
    const yaml = routes('/db', service.port, keys.replace('ASKED', `${asked.port}`));
    const gateway = await startTestGateway(yaml, { files: all });
    const client = await gateway.connect();
    const behind = [`${name}: evil`, `${name.replaceAll('-', '_').toLowerCase()}: evil`, 'X-Sum: 4'];
    const body = `${chunk('body')}0\r\n${behind.join('\r\n')}\r\n\r\n`;
    await client.send(request('POST', '/db/', ['Transfer-Encoding: chunked', proof], body));
    expect((await client.answer()).status).toBe(200);
    expect(service.request.trailers.lines).toEqual(['X-Sum: 4']);
  });
});
