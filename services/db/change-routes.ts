import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../kit/problem.ts';
import { addResource } from '../kit/resource.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { ChangeLog } from './change-log.ts';
import { queryOf } from './collection-routes.ts';
import { collectionOf } from './document-routes.ts';

export interface ChangeParts {
  readonly log: ChangeLog;
  readonly feed: ChangeFeed;
}

/** Server-sent events: `/_changes` of all collections, `/:collection/_changes` of one. */
export function addChangeRoutes(app: FastifyInstance, parts: ChangeParts): void {
  addResource(app, '/_changes', { GET: (request, reply) => stream(parts, request, reply, null) });
  addResource(app, '/:collection/_changes', {
    GET: (request, reply) => stream(parts, request, reply, collectionOf(request)),
  });
}

async function stream(
  { log, feed }: ChangeParts,
  request: FastifyRequest,
  reply: FastifyReply,
  collection: string | null,
): Promise<FastifyReply | undefined> {
  const from = startOf(request) ?? log.lastVersion();
  if (request.method === 'HEAD') return reply.type('text/event-stream').send();
  reply.hijack();
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  await feed.follow(reply.raw, from, collection);
}

/** `Last-Event-ID`, which a browser sends when it comes again, beats `since`, which stays in the address. */
function startOf(request: FastifyRequest): number | null {
  const query = queryOf(request);
  for (const name of query.keys()) {
    if (name !== 'since')
      throw new Problem(400, 'unknown_parameter', `"${name}" is not since, the one parameter here`);
  }
  const header = request.headers['last-event-id'];
  const text = (typeof header === 'string' && header !== '' ? header : null) ?? query.get('since');
  if (text === null) return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Problem(400, 'bad_version', `Expected the number of a change, got "${text}".`);
}
