/** From a document to the configuration that the gateway serves. Pure: reads no file and asks no name server. */

import { dirname, resolve } from 'node:path';
import { parseHost, withoutBrackets } from '../keys/host.ts';
import type { GatewayConfig, TlsConfig } from '../model/config.ts';
import { unroutedSettings } from '../policy/order.ts';
import { reportCertificateSources } from './acme-schema.ts';
import { reportCacheConflicts, reportFilesOfWorkers } from './cache-conflict.ts';
import { checkDocument } from './check.ts';
import { clusterServer, compileDiscover, type DiscoverPlaces } from './discover-schema.ts';
import { reportDuplicateRoutes } from './duplicate-route.ts';
import type { Places } from './endpoint.ts';
import type { Environment } from './expand.ts';
import { type GatewayHosts, readGatewayHosts } from './gateway-hosts.ts';
import { compileInherited } from './inherited.ts';
import { TextLines } from './lines.ts';
import { listeningOf, reportAdminTls, reportOpenAdmin, reportSharedPort } from './listening.ts';
import type { Problem } from './problem.ts';
import { ProblemList } from './problem-list.ts';
import { compileOverload, OWN_OVERLOAD } from './protection-schema.ts';
import { reportFailedTests } from './route-tests.ts';
import { compileRoutes, type PlacedRoute } from './routes.ts';
import { type CheckedConfig, compileGatewayRows, compileLog } from './schema.ts';
import { reportSelfTargets } from './self-target.ts';
import {
  compileServices,
  type PlacedService,
  placedServices,
  portsOf,
  reportFreePortsOfWorkers,
  reportSharedPorts,
} from './services.ts';
import { compileShared, reportShared } from './shared-schema.ts';
import type { SourceDocument } from './source-document.ts';
import { reportStreamLoops } from './stream-loop.ts';
import { compileStreams, type PlacedStream, reportSharedStreamPorts } from './streams.ts';
import { compileAdminTls, compileTls } from './tls-schema.ts';
import { compileTraces } from './traces-schema.ts';
import { reportRouteConflicts, reportUpstreamConflicts } from './upstream-conflict.ts';
import { GATEWAY_HOSTS, PORTWAY_HOST } from './variables.ts';

export interface CompileOptions {
  /** Absolute path of the configuration: paths in it are relative to its folder. */
  readonly file: string;
  readonly env: Environment;
}

export interface CompileResult {
  /** Compiled from the valid parts; to be served only without any problem. */
  readonly config: GatewayConfig | null;
  readonly placed: readonly PlacedRoute[];
  /** Of the environment's variables. Everything that is wrong with the document, in single values and between them, is among its own. */
  readonly problems: readonly Problem[];
}

export function compile(document: SourceDocument, options: CompileOptions): CompileResult {
  const { hosts, problems: hostsProblems } = readGatewayHosts(options.env[GATEWAY_HOSTS]);
  const { host, problems: hostProblems } = readDefaultHost(options.env[PORTWAY_HOST]);
  const checked = checkDocument(document, options.env);
  const compiled =
    checked && assemble(checked, { document, file: options.file, hosts, host, env: options.env });
  // Route tests need a configuration without problems.
  if (compiled && document.problems.size === 0)
    reportFailedTests(checked.tests ?? [], compiled.config, document);
  const problems = [hostsProblems, hostProblems].flatMap((list) => list.all());
  return { config: compiled?.config ?? null, placed: compiled?.placed ?? [], problems };
}

/** Only this machine by default: a gateway that is started for a trial must not be open to the network. */
function readDefaultHost(value: string | undefined): { host: string; problems: ProblemList } {
  const text = value ?? '';
  const problems = new ProblemList(PORTWAY_HOST, new TextLines(text));
  if (text === '') return { host: SAFE_HOST, problems };
  const parsed = parseHost(text);
  if (parsed.ok) return { host: withoutBrackets(parsed.value), problems };
  const fault = {
    expected: 'a host name or an IP address',
    found: JSON.stringify(text),
    hint: parsed.hint ?? null,
  };
  problems.add({ start: 0, end: text.length }, [], fault);
  return { host: SAFE_HOST, problems };
}

interface AssembleContext {
  readonly document: SourceDocument;
  readonly file: string;
  readonly hosts: GatewayHosts;
  /** The default of `host`. */
  readonly host: string;
  readonly env: Environment;
}

function assemble(checked: CheckedConfig, context: AssembleContext) {
  const services = placedServices(checked, context.document);
  const places: Places = { hosts: context.hosts, services: portsOf(services) };
  const defaults = compileInherited(checked, context.file);
  const placed = compileRoutes(checked, { ...context, places, defaults });
  const rows = compileGatewayRows(checked);
  const host = rows.host === null ? context.host : withoutBrackets(rows.host);
  const streams = compileStreams(checked, { ...context, places, host });
  const routes = placed.map(({ route }) => route);
  const tls = checked.tls
    ? compileTls(checked.tls, { file: context.file, routes, allowedHosts: rows.allowedHosts ?? [] })
    : null;
  const config: GatewayConfig = {
    ...rows,
    file: context.file,
    host,
    trustProxy: rows.trustProxy ?? [],
    admin: rows.admin && compileAdmin(rows.admin, tls, dirname(context.file)),
    routes,
    unrouted: unroutedSettings(defaults.policies),
    streams: streams.map(({ stream }) => stream),
    services: compileServices(services, context.document, context.file),
    log: compileLog(checked.log),
    overload: compileOverload(checked.overload, OWN_OVERLOAD),
    traces: checked.traces ? compileTraces(checked.traces) : null,
    tls,
    shared: checked.shared ? compileShared(checked.shared, context.file) : null,
    discover: checked.discover ? compileDiscover(checked.discover, placesOf(context)) : null,
  };
  reportBetween(config, placed, streams, services, context.document);
  return { config, placed };
}

function placesOf({ env, file }: AssembleContext): DiscoverPlaces {
  return { engine: env.DOCKER_HOST, server: clusterServer(env), folder: dirname(file) };
}

function compileAdmin(
  written: NonNullable<ReturnType<typeof compileGatewayRows>['admin']>,
  ownTls: TlsConfig | null,
  folder: string,
): GatewayConfig['admin'] {
  const { token, tls, ...admin } = { token: undefined, tls: undefined, ...written };
  const host = withoutBrackets(admin.host);
  const compiledTls = tls === undefined ? undefined : compileAdminTls(tls, ownTls, folder);
  return {
    ...admin,
    host,
    ...(token !== undefined && { token: resolve(folder, token) }),
    ...(compiledTls && { tls: compiledTls }),
  };
}

/** Checks across values. */
function reportBetween(
  config: GatewayConfig,
  placed: readonly PlacedRoute[],
  streams: readonly PlacedStream[],
  services: readonly PlacedService[],
  document: SourceDocument,
): void {
  reportCertificateSources(config.tls, document);
  reportShared(config.shared, document);
  reportDuplicateRoutes(placed, document);
  reportCacheConflicts(placed, document);
  if (config.workers !== null) {
    reportFilesOfWorkers(placed, document);
    reportFreePortsOfWorkers(services, document);
  }
  reportRouteConflicts(placed, document);
  for (const { stream, path } of streams) reportUpstreamConflicts(stream.upstream, path, document);
  // With a broken port, host or admin address, it is the default that would be compared.
  if (['port', 'host', 'admin', 'tls'].some((key) => document.problems.touches(key))) return;
  reportOpenAdmin(config, document);
  reportAdminTls(config, document);
  const listening = listeningOf(config);
  reportSharedPort(listening, document);
  reportSharedStreamPorts(streams, listening, document);
  reportSelfTargets(placed, listening, document);
  reportStreamLoops(streams, document);
  reportSharedPorts(services, listening, document);
}

const SAFE_HOST = '127.0.0.1';
