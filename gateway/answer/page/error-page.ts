import { stripVTControlCharacters } from 'node:util';
import { renderDocument, renderHead } from './document.ts';
import { escapeHtml, safeHref } from './escape.ts';
import { returnScript } from './return-script.ts';

/** An error for people. All of it is plain text; in production, omit details that are for operators. */
export interface ErrorPageInput {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** The row of the error catalogue. */
  readonly code: string;
  readonly requestId: string;
  /** What was tried, and the result; sentences already in `detail` are left out. */
  readonly happened?: readonly string[];
  /** The fix, step by step. */
  readonly fix?: readonly string[];
  /** Routes that may have been meant. */
  readonly nearest?: readonly { readonly label: string; readonly href: string }[];
  /** The routes, when none took the path: all or the first of many, and how many are left out. */
  readonly directory?: {
    readonly routes: readonly { readonly label: string; readonly href: string }[];
    readonly more: number;
  } | null;
  /** Where the gateway's own page is. */
  readonly home?: string | null;
  /** Whether the page takes itself again when its service answers. */
  readonly returns?: boolean;
  /** The newest lines of the process behind the route, oldest first. */
  readonly lastOutput?: readonly string[];
}

/** Answer it with `pageFields` and `staticPolicy` (document.ts), or `returnPolicy` where it returns. */
export function renderErrorPage(input: ErrorPageInput): string {
  const { status, title, detail, fix = [], nearest = [], directory = null, lastOutput = [] } = input;
  const happened = (input.happened ?? []).filter((sentence) => plain(sentence) !== plain(detail));
  const body = [
    `${renderHead({ home: input.home ?? null, tabs: input.home ? [`<a href="${escapeHtml(input.home)}">Map</a>`] : [] })}\n<main><div class="sheet">`,
    `<p class="status">${status}</p>\n<h1>${escapeHtml(title)}</h1>`,
    `<p class="lead">${prose(detail)}</p>`,
    happened.length === 0
      ? ''
      : block('What happened', happened.length === 1 ? 'p' : 'ul', happened.map(prose)),
    nearest.length === 0 ? '' : block('Did you mean', 'ul', nearest.map(renderLink)),
    fix.length === 0 ? '' : block('What to do', fix.length === 1 ? 'p' : 'ol', fix.map(prose)),
    directory === null ? '' : directoryBlock(directory),
    lastOutput.length === 0 ? '' : outputBlock(lastOutput),
    input.returns ? '<p class="returns">This page is loaded again when the service answers.</p>' : '',
    identity(input),
    '</div></main>',
  ];
  return renderDocument({
    title: `${status} ${title}`,
    body: body.filter(Boolean).join('\n'),
    script: input.returns ? returnScript : null,
  });
}

/** Names stand in backticks, as in the log and in problem+json. */
function prose(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

/** Equal for two sentences that differ in their first letter and their full stop alone. */
function plain(sentence: string): string {
  return sentence.toLowerCase().replace(/\.$/, '');
}

function block(heading: string, list: 'ul' | 'ol' | 'p', items: readonly string[]): string {
  const content = list === 'p' ? items.join('') : items.map((item) => `<li>${item}</li>`).join('');
  return `<section class="block"><h2>${heading}</h2><${list}>${content}</${list}></section>`;
}

function directoryBlock({ routes, more }: NonNullable<ErrorPageInput['directory']>): string {
  const items = [...routes.map(renderLink), ...(more === 0 ? [] : [`and ${more} more`])];
  return items.length === 0 ? '' : block('Routes', 'ul', items);
}

function renderLink({ label, href }: { readonly label: string; readonly href: string }): string {
  const safe = safeHref(href);
  const text = `<span class="mono">${escapeHtml(label)}</span>`;
  return safe === null ? text : `<a href="${escapeHtml(safe)}">${text}</a>`;
}

function outputBlock(lines: readonly string[]): string {
  const text = escapeHtml(stripVTControlCharacters(lines.join('\n')));
  return `<section class="block"><h2>The last output of the service</h2><div class="text-block" tabindex="0" role="region" aria-label="Last output"><pre>${text}</pre></div></section>`;
}

/** The identity of the error, for questions about it; the log has more under the same id. */
function identity({ code, requestId }: ErrorPageInput): string {
  return `<dl class="facts">
<dt>Error code</dt><dd class="mono">${escapeHtml(code)}</dd>
<dt>Request id</dt><dd class="mono">${escapeHtml(requestId)}</dd>
</dl>`;
}
