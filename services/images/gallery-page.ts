import type { FastifyRequest } from 'fastify';
import { Html, html } from '../kit/html.ts';
import { pageHead } from '../kit/page-head.ts';
import { publicAddress } from '../kit/public-address.ts';
import { type Original, versionOf } from './original.ts';

const none = new Html('');

// Three by four, in widths from a small telephone's half to a large, dense screen's tile.
const tileWidths = [160, 240, 320, 480, 640];

/**
 * The gallery for people: complete without JavaScript, which adds uploading, deleting and the viewer. All
 * links are relative. Its images carry the original's version, so that the browser keeps them until they are
 * replaced.
 */
export function renderGalleryPage(
  request: FastifyRequest,
  originals: readonly Original[],
  next: number | null,
): string {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>images: gallery</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="_page/base.css" />
    <link rel="stylesheet" href="_page/images.css" />
    <script type="module" src="_page/images.js"></script>
  </head>
  <body>
    ${pageHead(request, 'images')}
    <main>
    <div class="head">
      <h1>Images</h1>
      <p class="quiet">
        The address says the size and the encoding: <code>evening.jpg?w=640&amp;format=webp</code>. Without
        <code>format</code> you get what your browser likes best.
      </p>
    </div>
      <div id="tools" hidden></div>
      <ul id="gallery" aria-label="Images">${originals.map(renderTile)}</ul>
      ${originals.length === 0 ? renderStart(request) : none}
      ${next === null ? none : html`<p><a id="more" href="?before=${next}">Older images</a></p>`}
      ${viewer}
    </main>
  </body>
</html>
`.text;
}

/** What to do where there is nothing yet; the smallest PNG, so that the line works when it is pasted. */
function renderStart(request: FastifyRequest): Html {
  const { origin, prefix } = publicAddress(request.headers);
  return html`<section id="empty" class="start">
      <p class="quiet">There are no images here yet. Drop one above, or send one from a terminal:</p>
      <pre>echo ${DOT} | base64 -d | curl -T - ${origin}${prefix}/dot.png</pre>
    </section>`;
}

const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';

function renderTile(original: Original): Html {
  const address = `./${encodeURIComponent(original.name)}`;
  const tile = (width: number) =>
    `${address}?w=${width}&h=${(width * 3) / 4}&fit=cover&v=${versionOf(original)}`;
  return html`
        <li data-name="${original.name}" data-version="${versionOf(original)}" data-bytes="${original.bytes}"
            data-width="${original.width}" data-height="${original.height}" data-format="${original.format}" data-frames="${original.frames}">
          <a class="tile" href="${address}">
            <img src="${tile(320)}" srcset="${tileWidths.map((width) => `${tile(width)} ${width}w`).join(', ')}"
                 sizes="(max-width: 32rem) 45vw, 16rem" width="320" height="240" loading="lazy" alt="" />
            <bdi class="name">${original.name}</bdi>
          </a>
          <p class="quiet">${factsOf(original)}</p>
          <p class="shown quiet"></p>
        </li>`;
}

function factsOf(original: Original): string {
  const frames = original.frames > 1 ? `, ${original.frames} frames` : '';
  const format = original.format.toUpperCase();
  return `${original.width} × ${original.height}${frames}, ${format}, ${formatBytes(original.bytes)}`;
}

const viewer = html`
      <dialog id="viewer" aria-labelledby="viewer-title">
        <header class="row">
          <h2 id="viewer-title" class="grow"></h2>
          <button id="viewer-close" type="button">Close</button>
        </header>
        <form id="viewer-form" class="row">
          <label>Format
            <select id="viewer-format">
              <option value="">Your browser’s choice</option>
              <option value="avif">AVIF</option>
              <option value="webp">WebP</option>
              <option value="jpeg">JPEG</option>
              <option value="png">PNG</option>
              <option value="gif">GIF</option>
            </select>
          </label>
          <label>Width in pixels
            <input id="viewer-width" type="number" min="1" max="4096" step="1" required />
          </label>
          <label class="grow">Quality <output id="viewer-quality-shown" for="viewer-quality"></output>
            <input id="viewer-quality" type="range" min="1" max="100" value="80" />
          </label>
        </form>
        <img id="viewer-image" alt="" />
        <p id="viewer-facts" role="status"></p>
        <p><a id="viewer-link"></a></p>
        <table>
          <caption>The same picture in each format</caption>
          <thead><tr><th scope="col">Format</th><th scope="col">Bytes</th><th scope="col">Share</th></tr></thead>
          <tbody id="viewer-sizes"></tbody>
        </table>
        <p class="quiet"><a id="viewer-original"></a></p>
      </dialog>`;

/**
 * In the largest binary unit that leaves a number before the point, `312.4 KiB`, with a space that no line
 * breaks at.
 */
function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = bytes === 0 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return power === 0 ? `${bytes}\u00a0B` : `${(bytes / 1024 ** power).toFixed(1)}\u00a0${units[power]}`;
}
