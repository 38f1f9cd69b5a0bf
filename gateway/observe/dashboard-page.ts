import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { icon, pageFields } from '../answer/page/document.ts';
import { escapeHtml } from '../answer/page/escape.ts';
import { style } from '../answer/page/style.ts';
import type { GatewayStatus } from '../model/status.ts';
import { adminResources } from './admin-resources.ts';
import { renderMap } from './page/gateway-page.ts';
import { pageStatus } from './page/page-status.ts';

/** Made by dashboard/build.ts, beside the source and in the package alike. */
const BUILT = fileURLToPath(new URL('../dashboard/built/', import.meta.url));

/** Nothing but files of this listener, and no text in the page is code or style. */
const DASHBOARD_POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
  "script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:";

interface BuiltFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly packed: Buffer;
  readonly tag: string;
}

/** `/` for a browser, and `/dashboard/NAME`, the files that it loads. */
export class DashboardPage {
  /** Read when the first is asked for: most gateways run without anybody looking. */
  #files: ReadonlyMap<string, BuiltFile> | null = null;

  /** @param status rendered on the server, until the program runs */
  answer(request: FastifyRequest, reply: FastifyReply, status: GatewayStatus): FastifyReply {
    const text = renderShell(this.#all().has('app.js'), status);
    reply.headers({ ...pageFields, 'content-security-policy': DASHBOARD_POLICY });
    if (!packs(request)) return reply.send(text);
    return reply.header('content-encoding', 'gzip').send(gzipSync(text));
  }

  answerFiles(app: FastifyInstance): void {
    app.get<{ Params: { name: string } }>('/dashboard/:name', (request, reply) => {
      const file = this.#all().get(request.params.name);
      return file === undefined ? reply.callNotFound() : send(request, reply, file);
    });
  }

  #all(): ReadonlyMap<string, BuiltFile> {
    this.#files ??= readBuilt(BUILT);
    return this.#files;
  }
}

function send(request: FastifyRequest, reply: FastifyReply, file: BuiltFile): FastifyReply {
  // Asked again each time, answered in a few bytes while it is the same.
  reply.headers({ etag: file.tag, 'cache-control': 'no-cache', vary: 'Accept-Encoding' }).type(file.type);
  if (request.headers['if-none-match'] === file.tag) return reply.code(304).send();
  if (!packs(request)) return reply.send(file.bytes);
  return reply.header('content-encoding', 'gzip').send(file.packed);
}

function packs({ headers }: FastifyRequest): boolean {
  return /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
}

/** Empty if the dashboard was not built; the page then says what to do. */
function readBuilt(folder: string): ReadonlyMap<string, BuiltFile> {
  return new Map(namesIn(folder).map((name) => [name, readFile(join(folder, name))]));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /\.(js|css)$/.test(name));
  } catch {
    return [];
  }
}

function readFile(path: string): BuiltFile {
  const text = readFileSync(path);
  // After the styles common to all pages of the gateway.
  const bytes = path.endsWith('look.css') ? Buffer.concat([Buffer.from(style), text]) : text;
  const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 16)}"`;
  const type = path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8';
  return { type, bytes, packed: gzipSync(bytes, { level: 9 }), tag };
}

/** The map as HTML until the program runs, or without scripts, with the list of resources. */
function renderShell(built: boolean, status: GatewayStatus): string {
  const rows = adminResources.map(
    ({ path, what }) =>
      `<dt><a href="${escapeHtml(path)}"><code>${escapeHtml(path)}</code></a></dt><dd>${escapeHtml(what)}</dd>`,
  );
  const missing = built
    ? ''
    : '<p>The dashboard was not built: <code>npm run dashboard</code> builds it, and so does <code>npm ci</code>.</p>';
  const index = `<section class="sheet">${missing}<h2>What can be asked here</h2><dl class="facts">${rows.join('\n')}</dl></section>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Portway</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="/dashboard/look.css">
<script type="module" src="/dashboard/app.js"></script>
</head>
<body>
<div id="app">${mapOf(status, built)}
${built ? `<noscript>${index}</noscript>` : index}</div>
</body>
</html>
`;
}

/** The first routes only: the program shows no more at once. */
const ROWS_MAX = 200;

function mapOf({ routes, streams, config, origin, mode }: GatewayStatus, built: boolean): string {
  const { hostname, port, protocol } = new URL(origin);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const host = hostname.replace(/[[\]]/g, '');
  const address = { scheme, host, port: Number(port || (scheme === 'https' ? 443 : 80)), origin } as const;
  // A user of this listener may see everything.
  const shown = pageStatus({ routes: routes.slice(0, ROWS_MAX), streams, config, mode: 'development' });
  return renderMap(shown, { address, others: built ? '' : null, development: mode === 'development' });
}
