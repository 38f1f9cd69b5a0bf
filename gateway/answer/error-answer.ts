import { CATALOG, type GatewayError } from '../exchange/error-catalog.ts';
import { wantsPage } from '../fields/accept.ts';
import { ALLOW } from '../policy/loop/loop.ts';
import { pageFields, staticPolicy } from './page/document.ts';
import { renderErrorPage } from './page/error-page.ts';
import { returnPolicy } from './page/return-script.ts';

/** Circumstances of an error when it is answered. */
export interface AnswerContext {
  readonly requestId: string;
  /** The Accept field; empty without one. */
  readonly accept: string;
  /** Development only: what was tried, the fix, and what may have been meant. */
  readonly advice: Advice | null;
  /** The configured page for errors of this status; `null`: the gateway's own. */
  readonly pageOf?: (status: number) => Buffer | null;
}

export interface Advice {
  /** Of a page about a process that we run, and that is not there yet; `null`: the catalogue's own words. */
  readonly heading: { readonly title: string; readonly detail: string } | null;
  /** Sentences: what was tried, and the state of the process. */
  readonly happened: readonly string[];
  /** Sentences, the likeliest first. */
  readonly fix: readonly string[];
  readonly nearest: readonly RouteLink[];
  /** The routes, when none took the path. */
  readonly directory: Directory | null;
  /** Where the gateway's own page is; `null`: not shown. */
  readonly home: string | null;
  /** The newest lines of the process behind the route. */
  readonly lastOutput: readonly string[];
  /** Whether a page shall take itself again when the service answers. */
  readonly returns: boolean;
}

export interface RouteLink {
  readonly label: string;
  readonly href: string;
}

export interface Directory {
  /** All routes, or the first of many. */
  readonly routes: readonly RouteLink[];
  /** How many are left out. */
  readonly more: number;
}

export interface ErrorAnswer {
  readonly status: number;
  /** Flat, as everywhere. */
  readonly fields: readonly string[];
  readonly body: Buffer;
}

/**
 * The one shape of every error that the gateway answers: problem+json (RFC 9457), or a page where a browser asks,
 * with `Proxy-Status` (RFC 9209). The error's own message never goes into it: it may name addresses.
 */
export function errorAnswer(error: GatewayError, context: AnswerContext): ErrorAnswer {
  const { status, type } = error.row;
  const { retryAfter } = error;
  const html = wantsPage(context.accept);
  const own = html ? (context.pageOf?.(status) ?? null) : null;
  const body = own ?? Buffer.from(html ? page(error, context) : problem(error, context));
  const fields =
    html && own === null
      ? htmlFields(context.advice?.returns ? returnPolicy : staticPolicy)
      : ['Content-Type', html ? 'text/html; charset=utf-8' : PROBLEM, 'Cache-Control', 'no-store'];
  fields.push('Content-Length', String(body.length), 'Vary', 'Accept');
  fields.push('Proxy-Status', `portway; error=${type}`, 'X-Request-Id', context.requestId);
  if (retryAfter !== undefined) fields.push('Retry-After', String(retryAfter));
  // RFC 9110 §15.5.6 wants Allow in every 405.
  if (status === 405 && !error.fields.includes('Allow')) fields.push('Allow', ALLOW);
  fields.push(...error.fields);
  return { status, fields, body };
}

const PROBLEM = 'application/problem+json';

function htmlFields(policy: string): string[] {
  return [...Object.entries(pageFields).flat(), 'Content-Security-Policy', policy];
}

function problem(error: GatewayError, { requestId, advice }: AnswerContext): string {
  const { status, title } = error.row;
  const members = {
    type: typeOf(error),
    title,
    status,
    detail: detailOf(error, advice),
    code: error.code,
    requestId,
  };
  if (!advice) return `${JSON.stringify(members)}\n`;
  return `${JSON.stringify({ ...members, ...adviceJson(advice) }, null, 2)}\n`;
}

/** The advice for programs. */
function adviceJson({ happened, fix, nearest, directory, home, lastOutput }: Advice): object {
  return {
    happened,
    fix,
    nearest: nearest.map(({ label }) => label),
    ...(directory ? { routes: listed(directory), home } : {}),
    lastOutput,
  };
}

function listed({ routes, more }: Directory): readonly string[] {
  return [...routes.map(({ label }) => label), ...(more === 0 ? [] : [`and ${more} more`])];
}

function page(error: GatewayError, { requestId, advice }: AnswerContext): string {
  const { status, title } = error.row;
  const detail = detailOf(error, advice);
  const heading = advice?.heading ? { ...advice.heading, happened: [] } : {};
  return renderErrorPage({
    status,
    title,
    detail,
    code: error.code,
    requestId,
    ...(advice ?? {}),
    ...heading,
  });
}

/** In development, clients get the details of their own mistakes; details of services behind the gateway are for operators. */
function detailOf(error: GatewayError, advice: Advice | null): string {
  const { detail, blame } = CATALOG[error.code];
  return advice && blame === 'client' && error.message ? `${detail} (${error.message})` : detail;
}

/** A URI that names the kind of problem; the documentation of errors has a heading of that name. */
function typeOf(error: GatewayError): string {
  return `urn:portway:error:${error.code}`;
}
