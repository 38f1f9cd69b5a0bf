/** The raw sockets of `streams:`, and ports that more than one listener wants. */

import { compileEndpoints } from './endpoints.ts';
import type { GatewayHosts } from './gateway-hosts.ts';
import { withBrackets } from './host.ts';
import type { Listening } from './listening.ts';
import type { EndpointConfig, Port, StreamConfig } from './model.ts';
import type { CheckedConfig } from './schema.ts';
import { keySpanAt, nodeAt, type PathKey, type SourceDocument, shownPath } from './source.ts';
import { type CheckedStream, STREAM_DEFAULTS } from './stream-schema.ts';
import { parseHostAndPort } from './target.ts';
import { parseDuration } from './units.ts';
import { compileUpstream } from './upstream.ts';

export interface StreamsContext {
  readonly document: SourceDocument;
  readonly hosts: GatewayHosts;
  /** Where a stream listens whose key is a bare port: where the gateway does. */
  readonly host: string;
}

/** A stream, and where the file says it. */
export interface PlacedStream {
  readonly stream: StreamConfig;
  readonly path: readonly PathKey[];
}

export function compileStreams(checked: CheckedConfig, context: StreamsContext): PlacedStream[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) =>
    Object.entries(checked.streams?.[protocol] ?? {}).map(([key, value]) => {
      const path = ['streams', protocol, key];
      const form: CheckedStream = 'to' in value ? { ...value } : { to: value };
      return { stream: compileStream(protocol, key, form, path, context), path };
    }),
  );
}

function compileStream(
  protocol: 'tcp' | 'udp',
  key: string,
  form: CheckedStream,
  path: readonly PathKey[],
  context: StreamsContext,
): StreamConfig {
  const listen = listenOf(key, context.host);
  const endpoints = compileEndpoints(form.to, path, context);
  reportUncarried(protocol, endpoints, path, context.document);
  return {
    id: `${protocol} ${key}`,
    source: context.document.lines.positionOf(keySpanAt(context.document.root, path)!.start),
    protocol,
    listen,
    upstream: compileUpstream(endpoints),
    connectTimeoutMs: form.connect ?? milliseconds(STREAM_DEFAULTS.connect),
    idleTimeoutMs:
      form.idle ?? milliseconds(protocol === 'tcp' ? STREAM_DEFAULTS.tcpIdle : STREAM_DEFAULTS.udpIdle),
    maxConnections: form.maxConnections ?? STREAM_DEFAULTS.maxConnections,
    proxyProtocol: { accept: form.proxyProtocol?.accept ?? false, send: form.proxyProtocol?.send ?? null },
  };
}

function milliseconds(text: string): number {
  const parsed = parseDuration(text, { min: '1ms', max: '168h' });
  if (!parsed.ok) throw new TypeError(`${text} is no duration`);
  return parsed.value;
}

/** The key has been checked by the schema. */
function listenOf(key: string, host: string): { host: string; port: Port } {
  const parsed = parseHostAndPort(key);
  if (!parsed.ok || parsed.value.kind === 'unix') throw new TypeError(`${key} is no port`);
  // `localhost:7000` is read as a bare port, which as a place to listen it is not.
  if (parsed.value.kind === 'port')
    return { host: key.includes(':') ? 'localhost' : host, port: parsed.value.port };
  return { host: parsed.value.host, port: parsed.value.port };
}

function reportUncarried(
  protocol: 'tcp' | 'udp',
  endpoints: readonly EndpointConfig[],
  path: readonly PathKey[],
  document: SourceDocument,
): void {
  const report = (expected: string, found: string, hint: string | null) =>
    document.problems.add(nodeAt(document.root, path)!.span, shownPath(document.root, path), {
      expected,
      found,
      hint,
    });
  for (const { address: endpoint } of endpoints) {
    if (endpoint.kind === 'tcp' && endpoint.tls)
      report('a port or host:port', `"https://${endpoint.host}"`, 'raw bytes have no scheme');
    if (protocol === 'udp' && endpoint.kind === 'unix')
      report('a port or host:port', `"unix:${endpoint.path}"`, 'UDP goes to a port');
  }
}

/** A TCP port has one listener; a UDP port is another port of the same number. */
export function reportSharedStreamPorts(
  placed: readonly PlacedStream[],
  listening: readonly Listening[],
  document: SourceDocument,
): void {
  const owners = new Map<string, string>();
  for (const { port, what } of listening) owners.set(`tcp ${port}`, what);
  for (const { stream, path } of placed) {
    const { host, port } = stream.listen;
    const shared = owners.get(`${stream.protocol} ${port}`);
    const same = owners.get(`${stream.protocol} ${withBrackets(host)}:${port}`);
    const owner = shared ?? same;
    owners.set(`${stream.protocol} ${withBrackets(host)}:${port}`, `the stream ${stream.id}`);
    if (owner === undefined) continue;
    document.problems.add(keySpanAt(document.root, path)!, path, {
      expected: 'a port of its own',
      found: String(port),
      hint: `${owner} listens there`,
    });
  }
}
