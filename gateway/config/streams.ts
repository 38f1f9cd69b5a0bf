/** The raw sockets of `streams:`, and ports that more than one listener wants. */

import { withBrackets } from '../keys/host.ts';
import { parseHostAndPort } from '../keys/target.ts';
import type { EndpointAddress, EndpointConfig, Port, StreamConfig } from '../model/config.ts';
import { schemePrefix } from '../route/authority.ts';
import type { Places } from './endpoint.ts';
import { reportNoPrimary, reportOtherProtocol, reportTwins } from './endpoint-conflict.ts';
import {
  compileEndpoints,
  type EndpointList,
  listPath,
  reportUnknownServices,
  targetPath,
} from './endpoints.ts';
import { compileEjection } from './health-schema.ts';
import { compileInherited, type RouteDefaults } from './inherited.ts';
import type { Listening } from './listening.ts';
import type { Fault } from './problem-list.ts';
import { OWN_LIMITS } from './protection-schema.ts';
import type { CheckedConfig } from './schema.ts';
import { keySpanAt, type PathKey } from './source.ts';
import { reportKey, reportValue, type SourceDocument } from './source-document.ts';
import { type CheckedStream, compileStreamBounds, IDLE_MS } from './stream-schema.ts';
import { compileUpstream } from './upstream.ts';

export interface StreamsContext {
  /** Absolute. */
  readonly file: string;
  readonly document: SourceDocument;
  readonly places: Places;
  /** Where a stream listens whose key is a bare port: where the gateway does. */
  readonly host: string;
}

/** A stream, and its place in the file. */
export interface PlacedStream {
  readonly stream: StreamConfig;
  readonly path: readonly PathKey[];
}

export function compileStreams(checked: CheckedConfig, context: StreamsContext): PlacedStream[] {
  const defaults = compileInherited(checked, context.file);
  return (['tcp', 'udp'] as const).flatMap((protocol) =>
    Object.entries(checked.streams?.[protocol] ?? {}).map(([key, value]) => {
      const path = ['streams', protocol, key];
      const form: CheckedStream = 'to' in value ? { ...value } : { to: value };
      return { stream: compileStream(protocol, key, form, path, defaults, context), path };
    }),
  );
}

function compileStream(
  protocol: 'tcp' | 'udp',
  key: string,
  form: CheckedStream,
  path: readonly PathKey[],
  defaults: RouteDefaults,
  context: StreamsContext,
): StreamConfig {
  const listen = listenOf(key, context.host);
  const endpoints = compileEndpoints(form.to, context.places).map(withoutTls);
  const list = { endpoints, path: listPath(context.document, path) };
  reportUnknownServices(list, context.places, context.document);
  reportEndpoints(protocol, list, context.document);
  const { idleTimeoutMs, ...bounds } = compileStreamBounds(form);
  return {
    id: `${protocol} ${key}`,
    source: context.document.lines.positionOf(keySpanAt(context.document.root, path)!.start),
    protocol,
    listen,
    upstream: compileUpstream(form, {
      endpoints,
      canary: null,
      ejection: compileEjection(form.ejection, defaults.ejection),
      limits: OWN_LIMITS,
      breaker: null,
    }),
    ...bounds,
    idleTimeoutMs: idleTimeoutMs ?? IDLE_MS[protocol],
    proxyProtocol: { accept: form.proxyProtocol?.accept ?? false, send: form.proxyProtocol?.send ?? null },
  };
}

/** The key has been checked by the schema. */
function listenOf(key: string, host: string): { host: string; port: Port } {
  const parsed = parseHostAndPort(key);
  if (!parsed.ok) throw new TypeError(`${key} is no port`);
  // `localhost:7000` is read as a bare port, which as a place to listen it is not.
  if (parsed.value.kind === 'port')
    return { host: key.includes(':') ? 'localhost' : host, port: parsed.value.port };
  return { host: parsed.value.host, port: parsed.value.port };
}

/** Endpoints of `_https._tcp` records get the client's bytes unchanged: TLS is between the two ends. */
function withoutTls(endpoint: EndpointConfig): EndpointConfig {
  if (endpoint.address.kind !== 'srv') return endpoint;
  return { ...endpoint, address: { ...endpoint.address, tls: false } };
}

function reportEndpoints(protocol: 'tcp' | 'udp', list: EndpointList, document: SourceDocument): void {
  reportNoPrimary(list, document);
  reportTwins(list, null, document);
  reportOtherProtocol(protocol, list, document);
  for (const [index, { address }] of list.endpoints.entries()) {
    const fault = uncarried(protocol, address);
    if (fault !== null) reportValue(document, targetPath(document, list.path, index), fault);
  }
}

function uncarried(protocol: 'tcp' | 'udp', address: EndpointAddress): Fault | null {
  const expected = 'a port or host:port';
  if (address.kind === 'tcp' && (address.tls || address.http2))
    return { expected, found: `"${schemePrefix(address)}${address.host}"`, hint: 'raw bytes have no scheme' };
  if (protocol === 'udp' && address.kind === 'unix')
    return { expected, found: `"unix:${address.path}"`, hint: 'UDP goes to a port' };
  return null;
}

/** A TCP port has one listener; a UDP port of the same number is another port. */
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
    const fault = { expected: 'a port of its own', found: String(port), hint: `${owner} listens there` };
    reportKey(document, path, fault);
  }
}
