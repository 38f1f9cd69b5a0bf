import { createHash } from 'node:crypto';
import { escapeHtml } from './escape.ts';
import { style } from './style.ts';

export interface DocumentParts {
  readonly title: string;
  /** HTML. */
  readonly body: string;
  /** What keeps it up to date; `null`: it doesn't change. */
  readonly script: string | null;
}

/** One line that becomes several: one origin, many ports. */
const glyph =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true">' +
  '<path d="M2 12h6m0 0c5 0 4-7 9-7m-9 7h9m-9 0c5 0 4 7 9 7"/>' +
  '<circle cx="20" cy="5" r="1.5"/><circle cx="20" cy="12" r="1.5"/><circle cx="20" cy="19" r="1.5"/></svg>';

// Without an icon of its own, the browser would ask for /favicon.ico: a request to whatever is routed there.
export const icon = `data:image/svg+xml,${encodeURIComponent(
  glyph
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('currentColor', '#7a746a')
    .replace(' aria-hidden="true"', ''),
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
<div class="sheet">
${body}
</div>
${script === null ? '' : `<script>${script}</script>\n`}</body>
</html>
`;
}

/** The head of a page; `aside` is plain text at its end. */
export function renderBrand(aside: string | null): string {
  const end = aside === null ? '' : `<span class="mono">${escapeHtml(aside)}</span>`;
  return `<div class="brand">${glyph}<span>Portway</span>${end}</div>`;
}
