import { escapeHtml } from '../answer/page/escape.ts';
import type { FileAnswer } from './file-answer.ts';
import type { ListedEntry } from './folder.ts';

/** A page with links to the entries of a directory. @param path as the client sees it, with a trailing slash */
export function listingAnswer(path: string, entries: readonly ListedEntry[], method: string): FileAnswer {
  const body = Buffer.from(listingPage(path, entries));
  const fields = [
    ...['Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(body.length)],
    ...[
      'Cache-Control',
      'no-cache',
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'",
    ],
    ...['X-Content-Type-Options', 'nosniff'],
  ];
  return {
    status: 200,
    fields,
    body: method === 'HEAD' ? null : body,
    length: method === 'HEAD' ? 0 : body.length,
  };
}

function listingPage(path: string, entries: readonly ListedEntry[]): string {
  const title = escapeHtml(path);
  const up = path === '/' ? [] : ['<li><a href="../">../</a></li>'];
  const items = entries.map(({ name, isDirectory }) => {
    const slash = isDirectory ? '/' : '';
    // `./` keeps a name with a colon from being a scheme.
    return `<li><a href="./${encodeURIComponent(name)}${slash}">${escapeHtml(name)}${slash}</a></li>`;
  });
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:16px/1.5 system-ui;margin:2rem}ul{list-style:none;padding:0}:root{color-scheme:light dark}</style>
<h1>${title}</h1><ul>${[...up, ...items].join('\n')}</ul></html>
`;
}
