import type { FastifyReply, FastifyRequest } from 'fastify';
import { pageHeaders, prefersPage } from '../kit/page.ts';
import { publicPrefix } from '../kit/public-address.ts';
import { formats } from './formats.ts';
import { renderGalleryPage } from './gallery-page.ts';
import { etagOf, type Original } from './original.ts';
import type { OriginalStore } from './original-store.ts';
import { parseQuery, readWholeNumber } from './query.ts';

const pageDefault = 60;
const pageMax = 500;

/** What programs see of an image. */
export interface ImageSummary {
  readonly name: string;
  readonly href: string;
  readonly type: string;
  readonly bytes: number;
  /** In pixels, upright. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly alpha: boolean;
  /** Of the original: what `If-Match` of PUT and DELETE means. */
  readonly etag: string;
  readonly uploaded: string;
}

/** One page of the list as JSON, or as the gallery for a browser. The newest image comes first. */
export function sendListing(
  store: OriginalStore,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const query = parseQuery(request.raw.url ?? '', ['before', 'limit']);
  const limit = readWholeNumber(query, 'limit', { from: 1, to: pageMax }) ?? pageDefault;
  const before = readWholeNumber(query, 'before', { from: 1, to: Number.MAX_SAFE_INTEGER });
  const found = store.list(before ?? Number.MAX_SAFE_INTEGER, limit + 1);
  const originals = found.slice(0, limit);
  const next = found.length > limit ? (originals.at(-1)?.sequence ?? null) : null;
  reply.header('vary', 'accept').header('cache-control', 'no-cache');
  if (prefersPage(request)) {
    return pageHeaders(reply)
      .type('text/html; charset=utf-8')
      .send(renderGalleryPage(request, originals, next));
  }
  const prefix = publicPrefix(request.headers);
  return reply.send({ images: originals.map((original) => summaryOf(prefix, original)), next });
}

export function linkOf(prefix: string, original: Original): string {
  return `${prefix}/${encodeURIComponent(original.name)}`;
}

export function summaryOf(prefix: string, original: Original): ImageSummary {
  const { name, bytes, width, height, frames, alpha, uploaded } = original;
  const { mediaType } = formats[original.format];
  const href = linkOf(prefix, original);
  return {
    name,
    href,
    type: mediaType,
    bytes,
    width,
    height,
    frames,
    alpha,
    etag: etagOf(original),
    uploaded,
  };
}
