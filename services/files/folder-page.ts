import type { FastifyRequest } from 'fastify';
import { Html, html } from '../kit/html.ts';
import { pageHead } from '../kit/page-head.ts';
import { publicAddress } from '../kit/public-address.ts';
import type { Location } from './location.ts';

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** In bytes; 0 for a folder. */
  readonly size: number;
  /** ISO 8601. */
  readonly modified: string;
}

export interface FolderPage {
  readonly entries: readonly FolderEntry[];
  /** The last name of this page where more follow; pass it on as `after`. */
  readonly next: string | null;
}

/** The listing for people: complete without JavaScript, which adds uploading and deleting. All links are relative. */
export function renderFolderPage(request: FastifyRequest, location: Location, page: FolderPage): string {
  const top = '../'.repeat(location.segments.length) || './';
  const head = pageHead(request, 'files', '../'.repeat(location.segments.length));
  const title = `/${location.segments.map((segment) => `${segment}/`).join('')}`;
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>files: ${title}</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${top}_page/base.css" />
    <link rel="stylesheet" href="${top}_page/files.css" />
    <script type="module" src="${top}_page/files.js"></script>
  </head>
  <body data-top="${top}" data-folder="${title}">
    ${head}
    <main>
    <div class="head"><h1>Files</h1>${renderTrail(location)}</div>
    <div id="tools" hidden></div>
    ${page.entries.length === 0 ? renderStart(request, title) : new Html('')}
    <table>
      <thead><tr><th scope="col">Name</th><th scope="col">Size</th><th scope="col">Changed</th><td></td></tr></thead>
      <tbody id="entries">${renderUp(location)}${page.entries.map(renderEntry)}</tbody>
    </table>
    ${page.next === null ? new Html('') : html`<p><a href="?after=${encodeURIComponent(page.next)}">More</a></p>`}
    </main>
  </body>
</html>
`.text;
}

/** What to do where there is nothing yet. */
function renderStart(request: FastifyRequest, folder: string): Html {
  const { origin, prefix } = publicAddress(request.headers);
  const path = folder.split('/').map(encodeURIComponent).join('/');
  return html`<section id="empty" class="start">
      <p class="quiet">This folder is empty. Drop a file above, or send one from a terminal:</p>
      <pre>echo "Hello, port 3002" | curl -T - ${origin}${prefix}${path}hello.txt</pre>
    </section>`;
}

/** Where one is below the top, and the ways up. */
function renderTrail(location: Location): Html {
  if (location.segments.length === 0) return new Html('');
  const names = ['files', ...location.segments];
  const steps = names.map((name, index) => {
    const up = names.length - 1 - index;
    return up === 0
      ? html`<span aria-current="page">${name}</span>`
      : html`<a href="${'../'.repeat(up)}">${name}</a> / `;
  });
  return html`<nav aria-label="Folders">${steps}</nav>`;
}

function renderUp(location: Location): Html {
  return location.segments.length === 0
    ? new Html('')
    : html`<tr><td><a href="../">..</a></td><td></td><td></td></tr>`;
}

function renderEntry(entry: FolderEntry): Html {
  const slash = entry.kind === 'folder' ? '/' : '';
  return html`
        <tr data-name="${entry.name}" data-kind="${entry.kind}">
          <td><a href="./${encodeURIComponent(entry.name)}${slash}">${entry.name}${slash}</a></td>
          <td>${entry.kind === 'file' ? formatBytes(entry.size) : ''}</td>
          <td><time datetime="${entry.modified}">${entry.modified.slice(0, 16).replace('T', ' ')}</time></td>
        </tr>`;
}

function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes === 0 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}
