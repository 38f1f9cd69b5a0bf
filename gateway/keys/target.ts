/** Where a route leads, as the file writes it: `3001`, `db:3001`, `https://images.internal`, `h2c://127.0.0.1:50051`, `unix:/run/app.sock`, `srv:_http._tcp.shop.internal`, `service:api`, `auto`. */

import { isIP } from 'node:net';
import type { Port } from '../model/config.ts';
import { lettersInNumber, pastedHint } from './hint.ts';
import { parseHost, withoutBrackets } from './host.ts';
import { accepted, type ParseResult, refused } from './parse-result.ts';

/** A target as written; `endpoint.ts` resolves its addresses. */
export type Target =
  /** A bare port, or one on `localhost`. */
  | { readonly kind: 'port'; readonly port: Port; readonly http2?: true }
  | {
      readonly kind: 'tcp';
      readonly tls: boolean;
      readonly host: string;
      readonly port: Port;
      readonly http2?: true;
    }
  | { readonly kind: 'unix'; readonly path: string }
  /** `cluster`: a Service of a cluster, `shop/web:80`, which no file can name. */
  | {
      readonly kind: 'srv';
      readonly name: string;
      readonly tls: boolean;
      readonly cluster?: true;
      readonly http2?: true;
    }
  /** A process of `services:`, wherever it listens; `null`: the one that the route runs itself. */
  | { readonly kind: 'service'; readonly name: string | null };

export type PortTarget = Extract<Target, { kind: 'port' | 'tcp' }>;

/** Prefix of targets that HTTPRoutes of a cluster name: namespace, name and port of a Service follow. */
export const CLUSTER = 'cluster:';
/** The same, where the Service speaks HTTP/2. */
export const CLUSTER_HTTP2 = 'cluster+h2c:';

const A_PORT = 'a port from 1 to 65535';
/** `sun_path` of unix(7) has 108 bytes with its final NUL, that of BSD and macOS 104. */
const MAX_SOCKET_PATH_BYTES = 103;

export function portTarget(port: number): PortTarget {
  return { kind: 'port', port: port as Port };
}

function parseCluster(name: string, http2?: true): ParseResult<Target> {
  return accepted({ kind: 'srv', name, tls: false, cluster: true, ...(http2 && { http2 }) });
}

/** Reads a target that is text. */
export function parseTarget(text: string): ParseResult<Target> {
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length));
  if (/^srv:/i.test(text)) return parseSrv(text.slice('srv:'.length));
  if (text.startsWith(CLUSTER)) return parseCluster(text.slice(CLUSTER.length));
  if (text.startsWith(CLUSTER_HTTP2)) return parseCluster(text.slice(CLUSTER_HTTP2.length), true);
  const pasted = pastedHint(text) ?? listHint(text);
  if (pasted !== null) return refused(pasted);
  if (text === 'auto') return accepted({ kind: 'service', name: null });
  if (text.startsWith('service:')) return parseServiceTarget(text.slice('service:'.length));
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined) return parseUrl(text, scheme.toLowerCase());
  if (text.startsWith('/')) return refused(pathHint(text));
  if (/^:\d+$/.test(text))
    return refused(`a port of this machine is written without the colon: ${text.slice(1)}`);
  if (/^(?:https?|h2c?):\/[^/]/i.test(text)) return refused(`two slashes: ${text.replace('/', '//')}`);
  const slash = text.search(/[/?#]/);
  if (/^\.{1,2}\//.test(text)) return refused(`files are a route of their own: { folder: ${text} }`);
  if (slash > 0) return refused(`a target has no path: ${text.slice(0, slash)}`);
  return parseHostAndPort(text);
}

/** `3001, 3002`, or a list in quotes; not `3,001`. */
function listHint(text: string): string | null {
  if (!text.includes(',') || /^\d{1,3}(?:,\d{3})+$/.test(text)) return null;
  return `several stand in brackets, without quotes: [${text.replace(/^\[|\]$/g, '')}]`;
}

/** `3001`, `db:3001`, `[::1]:3001`. */
export function parseHostAndPort(text: string): ParseResult<PortTarget> {
  const colon = text.lastIndexOf(':');
  if (colon === -1 || text.endsWith(']')) return parseBare(text);
  if (/^\d+:\d+$/.test(text)) return refused(portHint(text));
  if (isIP(text) === 6) return refused(bracketsHint(text, colon));
  const port = parsePort(text.slice(colon + 1));
  if (!port.ok) return refused(port.hint ?? `${JSON.stringify(text.slice(colon + 1))} is no port`, A_PORT);
  const host = parseHostOf(text.slice(0, colon));
  return host.ok ? accepted(tcp(false, host.value, port.value)) : host;
}

/** One or more digits. Port 0 means "any" to a listener, and nothing to a client. */
export function parsePort(text: string): ParseResult<Port> {
  const port = Number(text);
  if (/^[1-9]\d{0,4}$/.test(text) && port <= 65_535) return accepted(port as Port);
  return refused(portHint(text), A_PORT);
}

export function portHint(text: string): string | undefined {
  const letters = lettersInNumber(text);
  if (letters !== null) return letters;
  if (text === '') return 'the port is missing behind the colon';
  if (text !== text.trim()) return 'remove the spaces around it';
  if (/^0x[\da-f]{1,4}$/i.test(text)) return `in decimal: ${Number(text)}`;
  if (/^\d+\.\d+$/.test(text)) return 'a port is a whole number';
  if (/^0\d+$/.test(text)) return 'a port does not begin with 0';
  if (/^\d{1,3}(?:[,_.]\d{3})+$/.test(text)) return `only digits: ${text.replace(/\D/g, '')}`;
  if (/^\d+-\d+$/.test(text)) return 'one port, no range; several endpoints are a list: [3001, 3002]';
  if (text === '0') return '0 is no port';
  if (/^-\d+$/.test(text)) return 'ports begin at 1';
  if (/^\d+$/.test(text)) return 'ports end at 65535';
  if (/^:\d+$/.test(text)) return `without the colon: ${text.slice(1)}`;
  const weighted = /^(\d+) +weight=(\d+)$/.exec(text);
  if (weighted) return `weights are written { at: ${weighted[1]}, weight: ${weighted[2]} }`;
  if (/^\d+:\d+$/.test(text)) return 'the gateway maps paths, not ports: write the port of the service alone';
  return undefined;
}

function parseBare(text: string): ParseResult<PortTarget> {
  if (lettersInNumber(text) !== null || (/^\d/.test(text) && !/^[\d.]*\.[\d.]*\.[\d.]*$/.test(text))) {
    const port = parsePort(text);
    return port.ok ? accepted(portTarget(port.value)) : port;
  }
  const host = text === '' ? refused() : parseHostOf(text);
  return host.ok ? refused(`the port is missing: ${text}:PORT`) : host;
}

/** Without brackets, `::1:3001` could be cut in several places. */
function parseHostOf(text: string): ParseResult<string> {
  if (text.includes(':') && !text.startsWith('[')) {
    return refused('an IPv6 address stands in brackets: [::1]:3001');
  }
  if (text.includes('@')) return refused('no user name or password in a target');
  if (text === '*') return refused('a service has one host; one of this machine is its port alone: 3001');
  const host = parseHost(text);
  return host.ok ? accepted(withoutBrackets(host.value)) : host;
}

/** `::1:3001` may be an address, or one with a port. */
function bracketsHint(text: string, colon: number): string {
  const host = text.slice(0, colon);
  const meant = isIP(host) === 6 ? `[${host}]:${text.slice(colon + 1)}` : `[${text}]:PORT`;
  return `an IPv6 address stands in brackets: ${meant}`;
}

function parseUrl(text: string, scheme: string): ParseResult<Target> {
  const spoken = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (spoken === undefined) return refused(schemeHint(text, scheme));
  const match = /^[a-z0-9]+:\/\/([^/?#]*)([/?#].*)?$/is.exec(text)!;
  const authority = match[1]!;
  const rest = match[2] ?? '';
  if (rest !== '' && rest !== '/') return refused(restHint(text, rest));
  if (authority.includes('@')) return refused('no user name or password in a target');
  const hasPort = /:[^\]]*$/.test(authority);
  const { tls, http2 } = spoken;
  const parsed = parseHostAndPort(hasPort ? authority : `${authority}:${tls ? 443 : 80}`);
  if (!parsed.ok) return parsed;
  const host = parsed.value.kind === 'port' ? 'localhost' : parsed.value.host;
  const target = tcp(tls, host, parsed.value.port);
  return accepted(http2 ? { ...target, http2 } : target);
}

const SCHEMES: Readonly<Record<string, { readonly tls: boolean; readonly http2: boolean }>> = {
  http: { tls: false, http2: false },
  https: { tls: true, http2: false },
  h2c: { tls: false, http2: true },
  h2: { tls: true, http2: true },
};

/** `localhost` is a bare port: both of its addresses are tried, or the host that `GATEWAY_HOSTS` has for the port. */
function tcp(tls: boolean, host: string, port: Port): PortTarget {
  if (host === 'localhost' && !tls) return { kind: 'port', port };
  return { kind: 'tcp', tls, host, port };
}

function schemeHint(text: string, scheme: string): string {
  if (scheme === 'ws' || scheme === 'wss') {
    return `WebSockets go through http too: ${text.replace(/^ws/i, 'http')}`;
  }
  if (scheme === 'grpc' || scheme === 'grpcs')
    return `gRPC is HTTP/2: ${text.replace(/^grpcs?/i, scheme === 'grpcs' ? 'h2' : 'h2c')}`;
  return `${scheme} is not spoken here: http, https, h2, h2c, unix, or host:port`;
}

function restHint(text: string, rest: string): string {
  const base = text.slice(0, text.length - rest.length);
  const path = /^\/[^?#]*/.exec(rest)?.[0] ?? '/api';
  return `a target has no path or query: ${base} (beside "to": "rewritePrefix: ${path}" for another path, "strip: false" for the route's own)`;
}

function pathHint(text: string): string {
  return text.endsWith('.sock')
    ? `a unix socket is written unix:${text}`
    : `a path is where a route begins; it leads to a port, or to files: { folder: ${text} }`;
}

function parseUnix(path: string): ParseResult<Target> {
  if (!path.startsWith('/')) return refused('an absolute path behind it: unix:/run/app.sock');
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    return refused(`systems allow ${MAX_SOCKET_PATH_BYTES} bytes for the path of a socket`);
  }
  if (path.endsWith('/')) return refused('the path of a socket, not of a folder');
  return accepted({ kind: 'unix', path });
}

/** RFC 2782: `_service._protocol.name`. `_https` endpoints are reached over TLS. */
function parseSrv(text: string): ParseResult<Target> {
  const match = /^(_[a-z0-9-]{1,62})\.(_tcp|_udp)\.(.+)$/i.exec(text);
  if (match === null) return refused(srvHint(text));
  const [, service, protocol, host] = match as unknown as [string, string, string, string];
  if (/:\d+$/.test(host)) return refused(srvHint(text));
  const parsed = parseHost(host);
  if (!parsed.ok) return parsed;
  if (isIP(withoutBrackets(parsed.value)) !== 0)
    return refused('an address has no SRV records: write it with its port');
  const name = `${service}.${protocol}`.toLowerCase();
  return accepted({ kind: 'srv', name: `${name}.${parsed.value}`, tls: name === '_https._tcp' });
}

function srvHint(text: string): string {
  if (text.startsWith('//')) return `without slashes: srv:${text.slice(2)}`;
  if (/:\d+$/.test(text)) return 'the records say which port: remove it';
  return `service and protocol come first: srv:_http._tcp.${/^[a-z0-9.-]+$/i.test(text) ? text : 'NAME'}`;
}

const SERVICE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

export function parseServiceName(name: string): ParseResult<string> {
  if (SERVICE_NAME.test(name)) return accepted(name);
  return refused('letters, digits, - _ and . , at most 63, beginning with a letter or a digit');
}

function parseServiceTarget(text: string): ParseResult<Target> {
  const name = parseServiceName(text);
  return name.ok ? accepted({ kind: 'service', name: name.value }) : name;
}
