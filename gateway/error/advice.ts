import type { EndpointAddress, RouteConfig } from '../config/model.ts';
import type { ServiceStatus } from '../observe/status.ts';
import type { Advice } from './answer.ts';
import { CATALOG, type GatewayError } from './catalog.ts';

/** What a developer is told beside an error. */
export interface Situation {
  readonly error: GatewayError;
  /** The endpoint that was tried last. */
  readonly endpoint: EndpointAddress | null;
  /** The process behind it, where we run it. */
  readonly service: ServiceStatus | null;
  readonly nearest: readonly RouteConfig[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Turns an error into what to do about it: what was tried, what became of the process, what may have been meant. */
export function advise({ error, endpoint, service, nearest, now }: Situation): Advice {
  const fix: string[] = [];
  if (CATALOG[error.code].blame !== 'client') fix.push(...whatHappened(error, endpoint, service, now));
  fix.push(error.row.remedy);
  return {
    fix,
    nearest: nearest.map(({ id, matcher }) => ({ label: id, href: href(matcher.host, matcher.path) })),
    lastOutput: service?.lastOutput ?? [],
  };
}

function whatHappened(
  error: GatewayError,
  endpoint: EndpointAddress | null,
  service: ServiceStatus | null,
  now: number,
): string[] {
  const lines = [error.code === 'connection_refused' ? nothingListens(endpoint) : `${error.message}.`];
  if (service) lines.push(stateOf(service, now));
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
  const how = lastExit.signal ? `was ended by ${lastExit.signal}` : `exited with code ${lastExit.code}`;
  const again = state === 'restarting' || state === 'starting' ? ' and is being started again' : '';
  return `The service \`${name}\` ${how} (${agoText(now - lastExit.at)})${again}.`;
}

function agoText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds <= 0) return 'just now';
  return seconds === 1 ? '1 second ago' : `${seconds} seconds ago`;
}

function href(host: string | null, path: string): string {
  return host === null || host.startsWith('*') ? path : `//${host}${path}`;
}
