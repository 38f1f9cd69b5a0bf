import { CATALOG, type GatewayError } from '../exchange/error-catalog.ts';
import type { EndpointAddress, RouteConfig } from '../model/config.ts';
import type { ServiceStatus } from '../model/status.ts';
import { type Framework, frameworkOf } from '../policy/escape/frameworks.ts';
import type { Advice, Directory, RouteLink } from './error-answer.ts';

/** Findings about a port after an exchange with it failed, as sentences. */
export interface PortTruth {
  readonly happened: readonly string[];
  readonly fix: readonly string[];
}

/** The error and its circumstances, for advice to a developer. */
export interface Situation {
  readonly error: GatewayError;
  readonly method: string;
  /** The endpoint that was tried last. */
  readonly endpoint: EndpointAddress | null;
  /** The process behind it, where we run it. */
  readonly service: ServiceStatus | null;
  /** `null`: nothing was looked for. */
  readonly truth: PortTruth | null;
  readonly nearest: readonly RouteConfig[];
  /** All of them, where none takes the path; `null`: this is not about the path. */
  readonly routes: readonly RouteConfig[] | null;
  /** Whether the gateway's own page stands at `/`. */
  readonly page: boolean;
  /** The route of the page that asked, if it does not lead escaped requests back. */
  readonly asker: RouteConfig | null;
  /** The application behind it, by its answers. */
  readonly askerFramework: Framework | null;
  readonly target: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Advice for an error: what was tried, the state of the process, and what may have been meant. */
export function advise(situation: Situation): Advice {
  const { error, method, endpoint, service, truth, nearest, routes, page, asker, target, now } = situation;
  const clients = CATALOG[error.code].blame === 'client';
  const heading = service && headingOf(error, endpoint, service, now);
  return {
    heading,
    happened: asker !== null ? [askedBy(asker)] : clients ? [] : whatHappened(situation),
    fix:
      asker !== null
        ? waysBack(asker, frameworkOf(target) ?? situation.askerFramework)
        : heading
          ? remedies(service!)
          : [...(truth?.fix ?? []), error.row.remedy],
    nearest: nearest.map(linkTo),
    directory: routes && directoryOf(routes),
    home: page ? '/' : null,
    lastOutput: service?.lastOutput ?? [],
    // Only a browser's navigation (GET) may safely be repeated by the page.
    returns: method === 'GET' && error.row.blame === 'service',
  };
}

function askedBy({ id }: RouteConfig): string {
  return `A page of \`${id}\` asked for it: its application does not know that it stands behind a prefix.`;
}

/** Both ways out: the gateway's, and the application's own. */
function waysBack({ id, matcher }: RouteConfig, framework: Framework | null): string[] {
  const own =
    framework === null
      ? `Or tell the application that it stands at \`${matcher.path}/\` (its base path or public URL).`
      : `Or tell ${framework.name}: ${framework.setting(matcher.path)}.`;
  return [`Set \`escape: redirect\` on the route \`${id}\`: what its pages ask for is led back.`, own];
}

const ROUTES_SHOWN = 20;

function directoryOf(routes: readonly RouteConfig[]): Directory {
  const shown = routes.slice(0, ROUTES_SHOWN);
  return { routes: shown.map(linkTo), more: routes.length - shown.length };
}

function linkTo({ id, matcher }: RouteConfig): RouteLink {
  return { label: id, href: href(matcher.host, matcher.path) };
}

function whatHappened({ error, endpoint, service, truth, now }: Situation): string[] {
  const found = truth?.happened ?? [];
  const lines = [...found];
  if (error.code === 'connection_refused') {
    if (found.length === 0) lines.push(nothingListens(endpoint));
  }
  // The answer itself says that it broke off.
  else if (!BROKEN_OFF.has(error.code)) lines.push(`${error.message}.`);
  if (service) lines.push(serviceText(error, service, now));
  return lines;
}

function nothingListens(endpoint: EndpointAddress | null): string {
  if (endpoint === null || endpoint.kind === 'srv') return 'Nothing listens there.';
  if (endpoint.kind === 'unix') return `Nothing listens on ${endpoint.path}.`;
  return endpoint.addresses
    ? `Nothing listens on ${endpoint.port}.`
    : `Nothing listens on ${endpoint.host}:${endpoint.port}.`;
}

/** "The service `db` exited with code 1 (2 seconds ago) and is being started again." */
function stateOf(service: ServiceStatus, now: number): string {
  const { name, state, lastExit } = service;
  if (state === 'ready') return `The service \`${name}\` is running.`;
  if (!lastExit) return `The service \`${name}\` is ${state}.`;
  return `The service \`${name}\` ${exitText(lastExit, state, now)}.`;
}

function serviceText({ code }: GatewayError, service: ServiceStatus, now: number): string {
  if (BROKEN_OFF.has(code)) return brokenOff(service, now);
  // The retry of a request that a crash broke off is refused before the end of the process is known.
  return code === 'connection_refused' && service.state === 'ready'
    ? `The service \`${service.name}\` was ready until now: it has just crashed, or it stopped listening.`
    : stateOf(service, now);
}

/** The heading when the process that we run is starting, or has failed. */
function headingOf(
  { code }: GatewayError,
  endpoint: EndpointAddress | null,
  service: ServiceStatus,
  now: number,
): Advice['heading'] {
  const { name, state, lastExit, obstacle } = service;
  if (code !== 'connection_refused' || state === 'ready') return null;
  if (obstacle !== undefined)
    return { title: `${name} can’t start`, detail: `Its start is in vain: ${obstacle}.` };
  if (lastExit !== null)
    return { title: `${name} has crashed`, detail: `It ${exitText(lastExit, state, now)}.` };
  if (state !== 'starting' && state !== 'restarting') return null;
  const listens = nothingListens(endpoint).replace(/\.$/, ' yet');
  return { title: `${name} is ${state}`, detail: `${listens}. This page goes on by itself when it does.` };
}

/** How to get the process running. */
function remedies({ lastExit, obstacle }: ServiceStatus): string[] {
  if (obstacle !== undefined) return ['Remove what is in the way: the start is tried again by itself.'];
  return lastExit === null ? [] : ['Correct what its last lines say: it is started again by itself.'];
}

/** A connection that ends under an answer is often the first sign of a crash: the process's own end may not be known yet. */
const BROKEN_OFF: ReadonlySet<string> = new Set(['connection_terminated', 'answer_truncated']);

function brokenOff({ name, state, lastExit }: ServiceStatus, now: number): string {
  return state === 'ready' || !lastExit
    ? `The service \`${name}\` broke off while answering: it crashed, or it closed the connection itself.`
    : `The service \`${name}\` crashed while answering: it ${exitText(lastExit, state, now)}.`;
}

/** "exited with code 1 (2 seconds ago) and is being started again" */
function exitText(
  { code, signal, at }: NonNullable<ServiceStatus['lastExit']>,
  state: ServiceStatus['state'],
  now: number,
): string {
  const how = signal ? `was ended by ${signal}` : `exited with code ${code}`;
  const again = state === 'restarting' || state === 'starting' ? ' and is being started again' : '';
  return `${how} (${agoText(now - at)})${again}`;
}

function agoText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds <= 0) return 'just now';
  return seconds === 1 ? '1 second ago' : `${seconds} seconds ago`;
}

function href(host: string | null, path: string): string {
  return host === null || host.startsWith('*') ? path : `//${host}${path}`;
}
