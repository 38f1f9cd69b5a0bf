/** Compares the configuration with the machine: findings of `portway doctor`. */

import { lookup } from 'node:dns/promises';
import { pino } from 'pino';
import { readTlsFiles } from '../config/certificate-files.ts';
import { unplacedService } from '../config/endpoint.ts';
import { placeText } from '../config/lines.ts';
import type { GatewayConfig, RouteConfig, SourcePosition } from '../model/config.ts';
import type { DialAddress } from '../model/upstream.ts';
import { Descriptors } from '../overload/descriptors.ts';
import { probe } from '../shared/connection.ts';
import { reasonOf } from '../shared/link.ts';
import { placeOf } from '../shared/shared.ts';
import { describeHolder, portHolder } from './port-holder.ts';
import { acceptsConnections } from './port-probe.ts';
import { type Speech, speechAt } from './port-speech.ts';
import { otherListener } from './port-truth.ts';

export interface Finding {
  /** A `note` is worth knowing, but no fault. */
  readonly level: 'wrong' | 'note';
  /** The route, with its line, or the part of the machine. */
  readonly where: string;
  readonly what: string;
  readonly todo: string;
}

interface Asked {
  readonly route: Pick<RouteConfig, 'id' | 'source'>;
  /** Of streams, which speak anything: nothing but a connection is asked for. */
  readonly web: RouteConfig | null;
  readonly address: DialAddress;
}

const AT_ONCE = 16;

export async function diagnose(config: GatewayConfig): Promise<Finding[]> {
  const asked = addressesOf(config);
  const findings: Finding[] = [];
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const some = asked.slice(at, at + AT_ONCE).map((one) => examine(one, config));
    findings.push(...(await Promise.all(some)).flat());
  }
  const own = [
    ...(await examineOwnPort(config)),
    ...(await examineOwnCertificates(config)),
    ...(await examineShared(config)),
  ];
  return [...findings, ...own, ...(await examineMachine())];
}

async function examineShared({ shared }: GatewayConfig): Promise<Finding[]> {
  if (shared === null) return [];
  const where = 'shared';
  try {
    const what = `the Redis ${placeOf(shared)} answers, version ${await probe(shared)}`;
    return [{ level: 'note', where, what, todo: 'replicas with the same `prefix` share by it' }];
  } catch (cause) {
    const reason = reasonOf(cause as Error);
    const what = `the Redis ${placeOf(shared)} can not be used: ${reason}`;
    const todo = /WRONGPASS|NOAUTH|NOPERM|AUTH/.test(reason)
      ? 'give `username` and `password` of a user that may use it: docs/shared.md has its rules'
      : 'start it, or correct `shared`; until then each replica is on its own';
    return [{ level: 'wrong', where, what, todo }];
  }
}

/** Each route's addresses, one that is named twice by a route once. */
function addressesOf({ routes, streams }: GatewayConfig): Asked[] {
  const asked: Asked[] = [];
  const tcp = streams.filter(({ protocol }) => protocol === 'tcp').map((route) => ({ route, web: null }));
  for (const { route, web } of [...routes.map((route) => ({ route, web: route })), ...tcp]) {
    const { endpoints, canary, fallback } = route.upstream;
    const all = [...endpoints, ...(canary?.endpoints ?? []), ...(fallback ? [fallback] : [])];
    const addresses = all.map(({ address }) => address);
    const known = new Map(addresses.map((address) => [address.key, address]));
    for (const address of known.values())
      if (address.kind !== 'srv') asked.push({ route: { id: route.id, source: route.source }, web, address });
  }
  return asked;
}

async function examine({ route, web, address }: Asked, config: GatewayConfig): Promise<Finding[]> {
  const finding = (level: Finding['level'], what: string, todo: string): Finding[] => [
    { level, where: whereOf(route.id, route.source), what, todo },
  ];
  const unplaced = unplacedService(address);
  if (unplaced !== null)
    return finding('note', `the port of ${unplaced} is chosen when \`portway dev\` starts it`, UNPLACED);
  const speech = await speechOf(address);
  const fallback = web?.upstream.fallback?.address;
  if (speech.kind === 'dead' && fallback && fallback.key !== address.key)
    return finding(
      'note',
      `nothing listens on ${address.key}`,
      `its requests go to ${fallback.key} meanwhile`,
    );
  if (speech.kind === 'dead') return finding(...(await deadReason(address, config)));
  if (web === null) return [];
  // It answers in frames, not in text.
  if (address.kind === 'tcp' && address.http2 && speech.kind === 'other') return [];
  const wantsTls = address.kind === 'tcp' && address.tls;
  if (speech.kind === 'tls' && !wantsTls)
    return finding('wrong', `${address.key} speaks TLS`, `write https://${address.key}`);
  if (speech.kind === 'tls')
    return speech.problem === null || (address.kind === 'tcp' && address.trust)
      ? []
      : finding('wrong', `the certificate of ${address.key} is refused: ${speech.problem}`, CERTIFICATE);
  if (speech.kind === 'other' && speech.silent)
    return finding('wrong', `${address.key} takes connections, but says nothing`, 'see what it is busy with');
  if (speech.kind === 'other')
    return finding('wrong', `${address.key} answers, but not in HTTP`, 'a raw port belongs under streams:');
  if (wantsTls)
    return finding('wrong', `${address.key} speaks plain HTTP, not TLS`, 'write http:// instead of https://');
  return [...baseFindings(web, speech, finding), ...clockFindings(speech, finding)];
}

const UNPLACED = 'the running map shows it; `portway start` wants a number instead of auto';
const CERTIFICATE = 'let NODE_EXTRA_CA_CERTS name the authority that it comes from, or renew it';

async function speechOf(address: DialAddress): Promise<Speech> {
  if (address.kind !== 'tcp') return speechAt({ path: address.path }, 'localhost');
  const { host, port } = address;
  const name = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  let speech: Speech = { kind: 'dead' };
  for (const one of address.addresses ?? [host]) {
    speech = await speechAt({ host: one, port }, name);
    if (speech.kind !== 'dead') break;
  }
  return speech;
}

type Found = readonly [level: Finding['level'], what: string, todo: string];

async function deadReason(address: DialAddress, { services }: GatewayConfig): Promise<Found> {
  if (address.kind !== 'tcp') return ['wrong', `nobody listens on ${address.path}`, 'start the service'];
  const { port, key, host } = address;
  const service = services.find((one) => one.port === port);
  if (service !== undefined)
    return [
      'note',
      `nothing listens on ${port} yet`,
      `\`portway dev\` starts the service ${service.name} there`,
    ];
  const other = await otherListener(address);
  if (other !== null)
    return [
      'wrong',
      `something listens on ${other} only, not on ${host}`,
      `write ${port} alone: both are tried`,
    ];
  return ['wrong', `nothing listens on ${key}`, 'start the service, or correct the port'];
}

/** Addresses in a page that begin with `/` lead out of the route, where its prefix is cut off. */
function baseFindings(
  route: RouteConfig,
  { head, body }: Speech & { kind: 'http' },
  finding: (...found: Found) => Finding[],
): Finding[] {
  const prefix = String(route.matcher.path);
  if (!route.strip || prefix === '/' || !/^content-type:\s*text\/html/im.test(head)) return [];
  const [, escaping] =
    Array.from(body.matchAll(/\s(?:src|href|action)\s*=\s*["']?(\/(?!\/)[^"'\s>]*)/gi)).find(
      ([, path]) => path !== prefix && !path!.startsWith(`${prefix}/`),
    ) ?? [];
  if (escaping === undefined) return [];
  const level = route.escape === 'off' ? 'wrong' : 'note';
  return finding(
    level,
    `its page refers to ${escaping.slice(0, 80)}, which is outside ${prefix}`,
    `set the application's base path to ${prefix} and \`strip: false\`, or \`escape: redirect\` (docs/escape.md)`,
  );
}

const CLOCK_OFF_MS = 60_000;

function clockFindings(
  { head }: Speech & { kind: 'http' },
  finding: (...found: Found) => Finding[],
): Finding[] {
  const date = Date.parse(/^date:\s*(.+)$/im.exec(head)?.[1] ?? '');
  const offMs = Math.abs(Date.now() - date);
  if (Number.isNaN(offMs) || offMs < CLOCK_OFF_MS) return [];
  const what = `its clock and ours are ${Math.round(offMs / 1000)} s apart`;
  return finding('wrong', what, 'set the clocks (NTP): caches and certificates go by them');
}

async function examineOwnPort({ port }: GatewayConfig): Promise<Finding[]> {
  if (!(await acceptsConnections(port))) return [];
  const holder = await portHolder(port);
  const where = `port ${port}, the gateway's own`;
  if (holder !== null && /\bportway\b|gateway\/main\.ts/.test(holder.command))
    return [{ level: 'note', where, what: `Portway runs (pid ${holder.pid})`, todo: 'nothing to do' }];
  const what = `it is taken by ${describeHolder(holder, port)}`;
  return [{ level: 'wrong', where, what, todo: 'end that, or let `port:` name another one' }];
}

/** As `check` warns of them. */
async function examineOwnCertificates({ tls }: GatewayConfig): Promise<Finding[]> {
  const reading = tls && (await readTlsFiles(tls, Date.now()));
  if (!reading?.ok) return [];
  const { pairs, warnings } = reading.material;
  const level = pairs.some(({ notAfter }) => notAfter <= Date.now()) ? 'wrong' : 'note';
  const todo = 'put the new file in its place: it is shown without a restart';
  return warnings.map((what) => ({ level, where: "the gateway's own certificates", what, todo }));
}

const FEW_CONNECTIONS = 1_000;

async function examineMachine(): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { pairs } = new Descriptors(pino({ level: 'silent' }));
  if (pairs < FEW_CONNECTIONS)
    findings.push({
      level: 'note',
      where: 'this machine',
      what: `the limit of open files is enough for ${pairs} connections at once`,
      todo: 'raise it (ulimit -n, LimitNOFILE= of systemd)',
    });
  if (!(await lookup('portway.localhost').catch(() => null)))
    findings.push({
      level: 'note',
      where: 'this machine',
      what: 'it does not resolve names such as shop.localhost',
      todo: 'browsers do by themselves; for curl and programs, use --resolve or /etc/hosts',
    });
  return findings;
}

function whereOf(id: string, source: SourcePosition): string {
  return source.line > 0 ? `${id} (${placeText(source)})` : id;
}
