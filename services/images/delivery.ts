import type { FileHandle } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isKnown, requirePrecondition } from '../kit/preconditions.ts';
import { clientGone } from './client-gone.ts';
import type { Codec } from './codec.ts';
import { encodeVariant } from './encode.ts';
import { formats } from './formats.ts';
import { etagOf, type Original, versionOf } from './original.ts';
import { imageNotFound, type OriginalStore } from './original-store.ts';
import { type ImageParameters, parseParameters } from './parameters.ts';
import { type Variant, variantEtag, variantOf } from './variant.ts';
import type { WorkQueue } from './work-queue.ts';

export interface DeliveryParts {
  readonly store: OriginalStore;
  readonly codec: Codec;
  readonly work: WorkQueue;
  /** The longest side of an image that is made, in pixels. */
  readonly sideMax: number;
  /** How long a cache may use an answer without asking, in seconds. */
  readonly maxAgeS: number;
}

/** The headers and variant of an answer, decided before any image is encoded. */
interface Representation {
  readonly headers: OutgoingHttpHeaders & { readonly etag: string };
  /** `null`: the original's bytes. */
  readonly variant: Variant | null;
}

/** Answers GET and HEAD of an image. */
export async function sendImage(
  parts: DeliveryParts,
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  try {
    return await attempt(parts, name, request, reply);
  } catch (error) {
    // The image was replaced between the catalogue lookup and the opening of its file: the new one is sent.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return attempt(parts, name, request, reply);
    throw error;
  }
}

async function attempt(
  parts: DeliveryParts,
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const original = parts.store.find(name);
  if (!original) throw imageNotFound();
  const parameters = parseParameters(request.raw.url ?? '', parts.sideMax);
  const { headers, variant } = represent(parts, original, parameters, request.headers.accept);
  requirePrecondition({ 'if-match': request.headers['if-match'] }, headers.etag, 'image');
  if (isKnown(request.headers, headers.etag)) return reply.code(304).headers(metadataOf(headers)).send();
  // The length of what has not been made is not known, and HEAD may leave it out (RFC 9110 §9.3.2).
  if (request.method === 'HEAD') return reply.headers(headers).send();
  const handle = await parts.store.open(original);
  try {
    if (variant === null) return await sendOriginal(handle, headers, reply);
    const bytes = await parts.work.run(clientGone(reply), async () =>
      encodeVariant(parts.codec, await handle.readFile(), variant),
    );
    return reply.headers(headers).send(bytes);
  } finally {
    await handle.close();
  }
}

function represent(
  parts: DeliveryParts,
  original: Original,
  parameters: ImageParameters,
  accept: string | undefined,
): Representation {
  const shared = {
    'cache-control': cacheControl(parameters.version === versionOf(original), parts.maxAgeS),
    'x-content-type-options': 'nosniff',
    // Strangers' bytes share an origin with the pages of every service: whatever they are, nothing in them runs.
    'content-security-policy': "default-src 'none'; sandbox",
  };
  if (parameters.format === 'original') {
    const type = { 'content-type': formats[original.format].mediaType, 'content-length': original.bytes };
    return { variant: null, headers: { ...shared, ...type, etag: etagOf(original) } };
  }
  const variant = variantOf(original, parameters, accept, parts.sideMax);
  return {
    variant,
    headers: {
      ...shared,
      'content-type': formats[variant.format].mediaType,
      etag: variantEtag(original, variant, parts.codec.release),
      ...(parameters.format === undefined ? { vary: 'Accept' } : {}),
    },
  };
}

/**
 * An image may be replaced under its name, so caches ask again, which costs a 304 and no work; until they
 * have asked, and while this service is down, what they hold is better than nothing. With the current version
 * in the URL it can't change any more.
 */
function cacheControl(versioned: boolean, maxAgeS: number): string {
  if (versioned) return 'public, max-age=31536000, immutable';
  return `public, max-age=${maxAgeS}, stale-while-revalidate=86400, stale-if-error=604800`;
}

/**
 * What a 304 carries: all that would keep a stored answer up to date, and nothing of its content (RFC 9110
 * §15.4.5).
 */
function metadataOf(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const { 'content-length': _length, 'content-type': _type, ...rest } = headers;
  return rest;
}

async function sendOriginal(
  handle: FileHandle,
  headers: OutgoingHttpHeaders,
  reply: FastifyReply,
): Promise<void> {
  reply.hijack();
  reply.raw.writeHead(200, headers);
  try {
    await pipeline(handle.createReadStream({ autoClose: false }), reply.raw);
  } catch {
    // The head is sent already: breaking the connection tells the client that the content is incomplete.
    reply.raw.destroy();
  }
}
