import { createHash } from 'node:crypto';
import { escapeHtml } from './escape.ts';
import { style } from './style.ts';

export interface DocumentParts {
  readonly title: string;
  /** HTML. */
  readonly body: string;
  /** The script that updates it; `null`: it is static. */
  readonly script: string | null;
}

/** One line that becomes several: one origin, many ports. */
const glyph =
  '<svg class="mark" viewBox="0 0 24 24" aria-hidden="true">' +
  '<path d="M2 12h6m0 0c5 0 4-7 9-7m-9 7h9m-9 0c5 0 4 7 9 7"/>' +
  '<circle cx="20" cy="5" r="1.5"/><circle cx="20" cy="12" r="1.5"/><circle cx="20" cy="19" r="1.5"/></svg>';

// Without an icon the browser would ask for /favicon.ico: a request to some route.
export const icon = `data:image/svg+xml,${encodeURIComponent(
  glyph.replace(
    /^<svg [^>]*>/,
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#7a746a" stroke-width="2" stroke-linecap="round">',
  ),
)}`;

/** How often a browser without JavaScript takes the page again. */
const RELOAD_SECONDS = 5;

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const commonPolicy = `default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src data:; style-src ${hashSource(style)}`;

/** For pages that don't change: no script, no request to anywhere. */
export const staticPolicy = commonPolicy;

/** For a page whose form is sent to this origin. */
export const formPolicy = commonPolicy.replace("form-action 'none'", "form-action 'self'");

/** For a page with this script, which may ask this origin. */
export function scriptPolicy(script: string): string {
  return `${commonPolicy}; script-src ${hashSource(script)}; connect-src 'self'`;
}

/** Fields that every answer with a page of ours carries, beside its `Content-Security-Policy`. */
export const pageFields: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** A whole page; nothing in it comes from anywhere else. */
export function renderDocument({ title, body, script }: DocumentParts): string {
  const reload =
    script !== null ? `<noscript><meta http-equiv="refresh" content="${RELOAD_SECONDS}"></noscript>\n` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
${reload}</head>
<body>
${body}
${script === null ? '' : `<script>${script}</script>\n`}</body>
</html>
`;
}

/** The head of a page. */
export interface Head {
  /** Where the map is; `null`: this page can't lead there. */
  readonly home: string | null;
  /** Plain text: the address of the gateway. */
  readonly where?: string | null;
  readonly development?: boolean;
  /** HTML of links, the one of this page with `aria-current`. */
  readonly tabs?: readonly string[];
}

/** The head of every page; the dashboard draws the same (dashboard/header.tsx). */
export function renderHead({ home, where = null, development = false, tabs = [] }: Head): string {
  const name = `${glyph}<span>Portway</span>`;
  const brand =
    home === null
      ? `<span class="brand">${name}</span>`
      : `<a class="brand" href="${escapeHtml(home)}" aria-label="Portway, map">${name}</a>`;
  const tag = development ? '<span class="tag">dev</span>' : '';
  const place = where === null ? '' : `<span class="where">${escapeHtml(where)}${tag}</span>`;
  const nav = tabs.length === 0 ? '' : `<nav aria-label="Pages">${tabs.join('')}</nav>`;
  return `<header class="top">${brand}${place}${nav}</header>`;
}
