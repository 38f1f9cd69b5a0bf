import { readFile, rm } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bodyChunks } from '../kit/body.ts';
import { requirePrecondition } from '../kit/preconditions.ts';
import { Problem } from '../kit/problem.ts';
import { publicPrefix } from '../kit/public-address.ts';
import { clientGone } from './client-gone.ts';
import type { Codec } from './codec.ts';
import { formats } from './formats.ts';
import { inspectImage } from './inspect.ts';
import { linkOf, summaryOf } from './listing.ts';
import { etagOf, type ImageDescription, type Original } from './original.ts';
import type { OriginalFolder, ReceivedBytes } from './original-folder.ts';
import type { OriginalStore } from './original-store.ts';
import type { WorkQueue } from './work-queue.ts';

export interface UploadParts {
  readonly store: OriginalStore;
  readonly folder: OriginalFolder;
  readonly codec: Codec;
  readonly work: WorkQueue;
  readonly imageMaxBytes: number;
}

/** PUT: the image has this name from now on. */
export async function putImage(
  parts: UploadParts,
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (request.headers['content-range'] !== undefined) {
    // RFC 9110 §14.5: taking a part for the whole would destroy the image.
    throw new Problem(400, 'partial_put', 'PUT takes a whole image; leave Content-Range out.');
  }
  // Before the body too, so that a client does not send an image in vain.
  checkOf(request)(parts.store.find(name));
  return receiveImage(parts, () => name, request, reply);
}

/** POST: the image gets a name that its content makes, so that sending it again is harmless. */
export function postImage(
  parts: UploadParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  refuseForms(request);
  return receiveImage(
    parts,
    (received, { format }) => `${received.sha256.slice(0, 12)}.${formats[format].extension}`,
    request,
    reply,
  );
}

async function receiveImage(
  parts: UploadParts,
  nameOf: (received: ReceivedBytes, description: ImageDescription) => string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const signal = clientGone(reply);
  const received = await parts.folder.receive(bodyChunks(request.raw, parts.imageMaxBytes));
  try {
    if (received.bytes === 0) throw new Problem(400, 'empty_body', 'The body is empty; send an image in it.');
    const description = await parts.work.run(signal, async () =>
      inspectImage(parts.codec, await readFile(received.path)),
    );
    const name = nameOf(received, description);
    const { original, created } = await parts.store.put(name, received, description, checkOf(request));
    const prefix = publicPrefix(request.headers);
    if (created) reply.code(201).header('location', linkOf(prefix, original));
    return reply.header('etag', etagOf(original)).send(summaryOf(prefix, original));
  } finally {
    await rm(received.path, { force: true });
  }
}

export function checkOf(request: FastifyRequest): (current: Original | null) => void {
  return (current) => requirePrecondition(request.headers, current && etagOf(current), 'image');
}

/** Forms of foreign pages may send these types without asking first (CORS); and a form is no image. */
function refuseForms(request: FastifyRequest): void {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type.startsWith('image/') || type === 'application/octet-stream') return;
  throw new Problem(
    415,
    'unsupported_media_type',
    'Send the bytes of one image as the body, with its "Content-Type: image/…".',
  );
}
