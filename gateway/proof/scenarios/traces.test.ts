import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { IdentitySource } from '../../exchange/identity.ts';
import { newExchangeRecord } from '../../exchange/record.ts';
import { ExchangeTrace } from '../../exchange/trace.ts';
import { TraceExporter } from '../../observe/traces/exporter.ts';
import { freePort } from '../testing/free-port.ts';
import { DEVELOPMENT, startTestGateway } from '../testing/gateway.ts';
import { Logbook } from '../testing/logbook.ts';
import { until } from '../testing/poll.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { type ReceivedSpan, startCollector } from '../testing/trace-collector.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const sampled = `Traceparent: 00-${TRACE}-${PARENT}-01`;

const yaml = (collector: number, routes: string, sample = '100%') =>
  `traces: { otlp: "http://127.0.0.1:${collector}", sample: ${sample} }\nroutes: ${routes}\n`;

function attribute({ attributes }: ReceivedSpan, name: string): unknown {
  const value = attributes.find(({ key }) => key === name)?.value;
  return value && Object.values(value)[0];
}

describe('spans', () => {
  test.each(['wire', 'general'])('tell of the route and of each attempt, in the %s lane', async (lane) => {
    const collector = await startCollector();
    const dead = await freePort();
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(
      yaml(collector.port, `{ /db: { to: [${dead}, ${db.port}], lane: ${lane} } }`),
    );
    await gateway.get('/db/x?token=s3cret');
    await gateway.get('/db/x');
    await until('five spans', () => collector.spans.length === 5);
    expect(collector.faults).toEqual([]);
    expect(JSON.stringify(collector.requests)).not.toContain('s3cret');
    expect(collector.requests[0]).toMatchObject({
      url: '/v1/traces',
      type: 'application/json',
      body: {
        resourceSpans: [
          { resource: { attributes: [{ key: 'service.name', value: { stringValue: 'portway' } }] } },
        ],
      },
    });
    const servers = collector.spans.filter(({ kind }) => kind === 2);
    expect(servers.map(({ name }) => name)).toEqual(['GET /db', 'GET /db']);
    expect(attribute(servers[0]!, 'url.path')).toBe('/db/x');
    expect(attribute(servers[0]!, 'http.response.status_code')).toBe('200');
    for (const server of servers) {
      const tries = collector.spans.filter(({ parentSpanId }) => parentSpanId === server.spanId);
      expect(tries.length).toBeGreaterThan(0);
      expect(tries.every(({ traceId, kind }) => traceId === server.traceId && kind === 3)).toBe(true);
      for (const { startTimeUnixNano, endTimeUnixNano } of [server, ...tries])
        expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
    }
    const refused = collector.spans.find((span) => attribute(span, 'error.type') === 'connection_refused')!;
    expect(attribute(refused, 'server.address')).toBe(`localhost:${dead}`);
    expect(refused.status.code).toBe(2);
    // The service is told of the attempt that reached it, so that its own spans hang below that.
    const told = db.requests.map(({ head }) => head.value('traceparent'));
    const reached = collector.spans.filter(
      (span) => attribute(span, 'server.address') === `localhost:${db.port}`,
    );
    expect(told.toSorted()).toEqual(
      reached.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`).toSorted(),
    );
  });

  test('also of answers of the gateway, from its cache, of extended routes and of failures', async () => {
    const collector = await startCollector();
    const db = (await startService()).answer(reply(200, ['Cache-Control: max-age=60'], 'kept'));
    const dead = await freePort();
    const gateway = await startTestGateway(
      yaml(
        collector.port,
        `{ /db: { to: ${db.port}, cache: true }, /dead: ${dead}, /ext: { to: ${db.port}, extend: ./ext.ts } }`,
      ),
      { files: { 'ext.ts': 'export default { preHandler: async () => {} };' } },
    );
    for (const target of ['/none', '/db/x', '/db/x', '/dead/x', '/ext/x']) await gateway.get(target);
    const servers = () => collector.spans.filter(({ kind }) => kind === 2);
    await until('five of them', () => servers().length === 5);
    expect(collector.faults).toEqual([]);
    expect(
      servers()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['GET', 'GET /db', 'GET /db', 'GET /dead', 'GET /ext']);
    const failed = servers().find(({ name }) => name === 'GET /dead')!;
    expect([attribute(failed, 'error.type'), failed.status.code]).toEqual(['connection_refused', 2]);
    expect(
      servers()
        .map((span) => attribute(span, 'portway.cache'))
        .filter(Boolean),
    ).toEqual(['miss', 'hit']);
  });
});

describe('the context of a client', () => {
  test('goes on: its trace, its span as the parent, its state', async () => {
    const collector = await startCollector();
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(yaml(collector.port, `{ /db: ${db.port} }`, '0%'), DEVELOPMENT);
    await gateway.get('/db/x', sampled, 'Tracestate: a=1');
    await gateway.get('/db/y', `Traceparent: 00-${TRACE}-${PARENT}-00`);
    await until('two spans', () => collector.spans.length === 2);
    const server = collector.spans.find(({ kind }) => kind === 2)!;
    expect([server.traceId, server.parentSpanId]).toEqual([TRACE, PARENT]);
    expect(db.requests[0]!.head.value('traceparent')).toMatch(
      new RegExp(`^00-${TRACE}-(?!${PARENT})[0-9a-f]{16}-01$`),
    );
    expect(db.requests[0]!.head.value('tracestate')).toBe('a=1');
    expect(db.requests[1]!.head.value('traceparent')).toBe(`00-${TRACE}-${PARENT}-00`);
  });

  test('decides nothing in production where the client is not trusted, and a broken one begins a new trace', async () => {
    const collector = await startCollector();
    const db = (await startService()).answer(ok('fine'));
    const none = await startTestGateway(yaml(collector.port, `{ /db: ${db.port} }`, '0%'));
    await none.get('/db/x', sampled);
    const all = await startTestGateway(yaml(collector.port, `{ /db: ${db.port} }`));
    await all.get('/db/y', 'Traceparent: 00-0-0-01', 'Tracestate: a=1');
    await until('two spans', () => collector.spans.length === 2);
    expect(collector.spans.find(({ kind }) => kind === 2)).not.toHaveProperty('parentSpanId');
    expect(db.requests[0]!.head.value('traceparent')).toBe(sampled.slice('Traceparent: '.length));
    expect(db.requests[1]!.head.value('tracestate')).toBe(undefined);
  });
});

describe('a collector', () => {
  test.each([
    ['is dead', null],
    ['refuses', (answer: import('node:http').ServerResponse) => void answer.writeHead(503).end()],
    ['never answers', () => {}],
    [
      'answers without an end',
      (answer: import('node:http').ServerResponse) => void answer.writeHead(400).write('x'.repeat(200_000)),
    ],
    [
      'sends elsewhere',
      (answer: import('node:http').ServerResponse) =>
        void answer.writeHead(307, { location: '/v1/traces' }).end(),
    ],
  ])('that %s changes nothing for clients', async (_what, behaviour) => {
    const port = behaviour === null ? await freePort() : (await startCollector(behaviour)).port;
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(yaml(port, `{ /db: ${db.port} }`));
    for (let at = 0; at < 20; at++) expect((await gateway.get('/db/x')).status).toBe(200);
    const warned = () =>
      gateway.log.records.filter(({ msg }) => String(msg).includes('traces can’t be sent')).length;
    await until('it is told once', () => warned() === 1);
    await gateway.get('/db/x');
    expect(warned()).toBe(1);
  });

  test('is sent a bounded number of spans, and the log says that the rest is left out', async () => {
    const { port } = await startCollector();
    const log = new Logbook();
    const config = { otlp: `http://127.0.0.1:${port}`, headers: {}, gzip: false, sample: 1, service: 'x' };
    const exporter = new TraceExporter(config, pino({ base: null }, log));
    onTestFinished(() => exporter.close());
    const record = newExchangeRecord('1', 'GET', '/', 'HTTP/1.1', '127.0.0.1');
    const trace = new ExchangeTrace(new IdentitySource(), null);
    for (let at = 0; at < 2_048; at++) exporter.add(record, trace);
    expect(log.records).toEqual([]);
    for (let at = 0; at < 10; at++) exporter.add(record, trace);
    expect(log.records).toMatchObject([{ msg: expect.stringMatching(/spans are left out/), perSecond: 512 }]);
  });

  test('gets what is left when the gateway stops', async () => {
    const collector = await startCollector();
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(yaml(collector.port, `{ /db: ${db.port} }`));
    await gateway.get('/db/x');
    await gateway.close();
    expect(collector.spans).toHaveLength(2);
  });

  test('may change while the gateway runs', async () => {
    const [first, second] = [await startCollector(), await startCollector()];
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(yaml(first.port, `{ /db: ${db.port} }`));
    await gateway.get('/db/x');
    await gateway.editAndReload(yaml(second.port, `{ /db: ${db.port} }`));
    await gateway.get('/db/x');
    await until('both have two', () => first.spans.length === 2 && second.spans.length === 2);
    await gateway.editAndReload(`routes: { /db: ${db.port} }\n`);
    await gateway.get('/db/x');
    expect(db.requests[2]!.head.value('traceparent')).toMatch(/-00$/);
  });
});
