import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { listening } from './free-port.ts';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code: number };
}

/** The messages of OTLP, as OpenTelemetry's own package has compiled them from the published protobuf schema. */
interface Message {
  fromObject(value: unknown): unknown;
  toObject(message: unknown, options: object): unknown;
  verify(value: unknown): string | null;
}

const root = createRequire(import.meta.url)('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const ExportRequest: Message = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

/** Takes OTLP over HTTP in JSON, and nothing that the schema has no place for. */
export class TraceCollector {
  readonly #server: Server;
  readonly requests: { readonly url: string; readonly type: string | undefined; readonly body: unknown }[] =
    [];
  readonly fields: IncomingHttpHeaders[] = [];
  /** What the schema says against a request. */
  readonly faults: string[] = [];

  constructor(server: Server) {
    this.#server = server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get spans(): ReceivedSpan[] {
    const bodies = this.requests.map(({ body }) => body) as {
      resourceSpans: { scopeSpans: { spans: ReceivedSpan[] }[] }[];
    }[];
    return bodies.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  }

  take(url: string, type: string | undefined, text: string): void {
    const body: unknown = JSON.parse(text);
    this.requests.push({ url, type, body });
    // What has no place in the schema is lost on the way through its messages, and what has another form comes back in that one.
    const message = ExportRequest.fromObject(body);
    const back = ExportRequest.toObject(message, { longs: String, enums: Number, bytes: String });
    if (sorted(back) !== sorted(body)) this.faults.push(`${sorted(body)} came back as ${sorted(back)}`);
    for (const { traceId, spanId } of this.spans)
      if (!/^[0-9a-f]{32}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId))
        this.faults.push('an id that is none');
  }
}

/** With the keys of each object in one order; an empty list is as good as none. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    const entries = Object.entries(one).filter(
      ([, member]) => !(Array.isArray(member) && member.length === 0),
    );
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** @param answer what it does instead of taking a request. */
export async function startCollector(answer?: (response: ServerResponse) => void): Promise<TraceCollector> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const bytes = Buffer.concat(pieces);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      collector.fields.push(request.headers);
      collector.take(request.url ?? '', request.headers['content-type'], text.toString());
      if (answer) answer(response);
      else response.setHeader('content-type', 'application/json').end('{"partialSuccess":{}}');
    });
  });
  const collector = new TraceCollector(server);
  await listening(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return collector;
}
