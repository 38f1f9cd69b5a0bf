import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Purge, purgeOfPrefix, purgeOfUrl } from '../cache/purge.ts';
import { sendJson, sendProblem } from './admin-problem.ts';
import type { AdminView } from './admin-view.ts';

const USAGE =
  'Say what is to be forgotten, with everything in it percent-encoded as in any query: ' +
  '/cache?url=http%3A%2F%2Flocalhost%3A3000%2Fimages%2Fa.png for one URL, query and all, or /cache?prefix=/images for a path and all ' +
  'that lies below it, /cache?group=shop for what the service put into that group by Cache-Groups or Cache-Tag. A path in place of a URL means: on any host. curl -G -X DELETE --data-urlencode url=... encodes for you.';

/** `DELETE /cache?url=...` or `?prefix=...` or `?group=...`: how many URLs were forgotten, and how many routes have a cache. */
export async function answerPurge(
  request: FastifyRequest,
  reply: FastifyReply,
  { config, purge: forget }: Pick<AdminView, 'config' | 'purge'>,
): Promise<FastifyReply> {
  const purge = readPurge(request.url);
  if (purge === null) return sendProblem(reply, { status: 400, detail: USAGE });
  const cachedRoutes = config().routes.filter(({ cache }) => cache !== null).length;
  return sendJson(reply, { purged: await forget(purge), cachedRoutes });
}

function readPurge(requestTarget: string): Purge | null {
  // Not an HTML form: in a typed URL a plus is a plus.
  const query = new URLSearchParams(/\?(.*)/s.exec(requestTarget)?.[1]?.replaceAll('+', '%2B'));
  const [[name, value] = ['', ''], ...more] = [...query];
  if (more.length > 0) return null;
  if (name === 'url') return purgeOfUrl(value);
  if (name === 'group') return value === '' ? null : { origin: null, group: value };
  return name === 'prefix' ? purgeOfPrefix(value) : null;
}
