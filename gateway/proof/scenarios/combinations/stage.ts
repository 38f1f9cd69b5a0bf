import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect } from 'vitest';
import { startTestGateway, type TestGateway } from '../../testing/gateway.ts';
import { connectSettledH2 } from '../../testing/h2-client.ts';
import type { LogRecord } from '../../testing/logbook.ts';
import { until } from '../../testing/poll.ts';
import { ok, type ReceivedRequest, type ScriptedService, startService } from '../../testing/service.ts';
import { ANSWERS, answerTo } from './answers.ts';
import { type Asked, type Case, FILES, type Keys, keysFor, requestTo } from './case.ts';
import { type Client, Http1Client, Http2Client, type Received } from './clients.ts';

/** By which way a case is carried: each has a route of its own, so that none finds what another one left. */
const WAYS = [
  { way: 'wire-1', lane: 'auto', version: 1 },
  { way: 'general-1', lane: 'general', version: 1 },
  { way: 'wire-2', lane: 'auto', version: 2 },
  { way: 'general-2', lane: 'general', version: 2 },
] as const;

/** @throws with the smallest case in which two ways differ, or the log says something else than the client got. */
export async function proveCombinations(parameters: fc.Parameters<[Case]>): Promise<void> {
  const stage = await Stage.open();
  const requests = fc.array(requestTo(Object.keys(ANSWERS)), { minLength: 2, maxLength: 6, size: 'max' });
  const cases = fc.record<Case>({ keys: keysFor(stage.mirror.port), requests });
  await fc.assert(
    fc.asyncProperty(cases, (one) => stage.prove(one)),
    parameters,
  );
  await stage.isIdle();
}

class Stage {
  readonly service: ScriptedService;
  readonly mirror: ScriptedService;
  readonly gateway: TestGateway;
  #cases = 0;

  private constructor(service: ScriptedService, mirror: ScriptedService, gateway: TestGateway) {
    this.service = service;
    this.mirror = mirror;
    this.gateway = gateway;
  }

  static async open(): Promise<Stage> {
    const service = (await startService()).answer(answerTo);
    const mirror = (await startService()).answer(ok());
    const gateway = await startTestGateway(`${SETTINGS}routes: { /x: ${service.port} }\n`, { files: FILES });
    return new Stage(service, mirror, gateway);
  }

  async prove({ keys, requests }: Case): Promise<void> {
    const named = WAYS.map((one) => ({ ...one, prefix: `/case-${this.#cases}-${one.way}` }));
    this.#cases++;
    const lines = named.map(({ prefix, lane }) => `  ${prefix}: { ${this.#route(keys, lane)} }\n`);
    await this.gateway.edit(`${SETTINGS}routes:\n${lines.join('')}`);
    expect((await this.gateway.gateway.reload()).rejected).toBeNull();
    const [first, ...others] = await Promise.all(
      named.map(async ({ prefix, version }) => {
        const client = await this.#client(version);
        const outcomes: string[] = [];
        for (const asked of requests) outcomes.push(await this.#outcome(client, prefix, asked, keys));
        await until('each exchange has its line', () => this.#lines(prefix).length >= requests.length);
        expect(this.#lines(prefix)).toHaveLength(requests.length);
        return outcomes;
      }),
    );
    for (const other of others) expect(other).toEqual(first);
  }

  #route(keys: Keys, lane: string): string {
    const written = Object.entries(keys).flatMap(([key, value]) =>
      value === null ? [] : `${key}: ${value}`,
    );
    return [`to: ${this.service.port}`, `lane: ${lane}`, ...written].join(', ');
  }

  async #client(version: 1 | 2): Promise<Client> {
    const { port } = this.gateway;
    return version === 1 ? new Http1Client(port) : new Http2Client(await connectSettledH2(port, 'http'));
  }

  /** As one text, without what is of this one exchange. */
  async #outcome(client: Client, prefix: string, asked: Asked, { sticky }: Keys): Promise<string> {
    const before = this.service.requests.length;
    const received = await client.ask(prefix, asked);
    const logged = await this.#logged(received, prefix);
    const seen = this.service.requests
      .slice(before)
      .filter(({ head }) => head.value('x-forwarded-prefix') === prefix);
    for (const { head } of seen)
      expect(head.raw).not.toMatch(sticky ? /portway=|root|192\.0\.2\.1/ : /root|192\.0\.2\.1/);
    for (const line of received.fields)
      if (line.startsWith('x-served: ')) expect(line).toBe(`x-served: ${prefix}`);
    const { status, body, interim, trailers } = received;
    const fields = comparable(received.fields, prefix);
    const text = body === null ? 'broken off' : withoutIds(decoded(received), received, prefix);
    const outcome = { asked, status, fields, text, interim, trailers, logged };
    return JSON.stringify({ ...outcome, seen: [...new Set(seen.map((one) => sent(one, prefix)))] }, null, 1);
  }

  /** @returns what the line of the exchange says of its fate */
  async #logged({ status, fields, body }: Received, prefix: string): Promise<unknown> {
    if (body === null) return null;
    const id = idOf(fields);
    const ofIt = () => this.gateway.log.exchanges().filter(({ requestId }) => requestId === id);
    await until('its line is written', () => ofIt().length > 0);
    expect(ofIt()).toMatchObject([{ status, bytesOut: body.length, route: prefix }]);
    const [{ policy, code, bytesIn }] = ofIt() as [LogRecord];
    return { policy, code, bytesIn };
  }

  #lines(prefix: string): readonly LogRecord[] {
    return this.gateway.log.exchanges().filter(({ route }) => route === prefix);
  }

  async isIdle(): Promise<void> {
    const active = async () => {
      const { text } = await this.gateway.admin('GET', '/status');
      return [...text.matchAll(/"(?:active|waiting)":(\d+)/g)].filter(([, count]) => count !== '0');
    };
    await until('nothing is under way', async () => (await active()).length === 0);
  }
}

const SETTINGS =
  'admin: { port: 3900 }\nejection: off\nbreaker: off\ntimeouts: { response: 10s, idle: 10s }\n';

/** Of one hop, one exchange, one moment. */
const OF_ITS_OWN =
  /^(?:connection|keep-alive|transfer-encoding|content-length|trailer|te|date|x-request-id|traceparent|via|host|x-forwarded-port):/i;

function comparable(lines: readonly string[], prefix: string): string[] {
  return lines
    .filter((line) => !OF_ITS_OWN.test(line))
    .map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase()).replaceAll(prefix, '/route'))
    .map((line) => line.replace(/^(set-cookie: portway[^=]*=)[^;]*/, '$1'))
    .map((line) => line.replace(/^((?:age|retry-after|ratelimit): ).*/, '$1'))
    .map((line) => line.replace(/;ttl=\d+|'sha256-[^']*'/g, ''))
    .sort();
}

/** One that died on a kept connection comes again: which ways had one to keep is not theirs. */
function sent({ method, target, body, head }: ReceivedRequest, prefix: string): string {
  return [method, target, body.length, ...comparable(head.lines, prefix)].join('\n');
}

function idOf(fields: readonly string[]): string {
  const ids = fields.filter((line) => line.startsWith('x-request-id: '));
  expect(ids).toHaveLength(1);
  return ids[0]!.slice('x-request-id: '.length);
}

/** The script of a page knows the other routes, by marks of their paths. */
function withoutIds(text: string, { fields }: Received, prefix: string): string {
  return text
    .replaceAll(idOf(fields), 'ID')
    .replaceAll(prefix, '/route')
    .replace(/<script>.*?<\/script>/s, '<script>');
}

function decoded({ fields, body }: Received): string {
  const coding = fields.find((line) => line.startsWith('content-encoding: '))?.slice(18);
  if (body!.length === 0 || coding === undefined) return String(body);
  const decode = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }[coding];
  return String(decode!(body!));
}
