import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isLoopback } from '../config/listening.ts';
import type { ExchangeList, ExchangeQuery, ExchangeView } from '../model/exchanges.ts';
import { sendJson, sendProblem } from './admin-problem.ts';
import { EventHub } from './exchanges/events.ts';
import { QUERY_USAGE, readQuery } from './exchanges/query.ts';
import { FOR_NO_PAGE, isFromAPage } from './host-guard.ts';

/** The exchanges that this gateway, or its workers, have kept. Asking is looking: it is what makes them keep any. */
export interface ExchangesView {
  find(query: ExchangeQuery): Promise<ExchangeList>;
  /** @returns `null`: it is not there, or no more. */
  one(id: string): Promise<ExchangeView | null>;
}

/** `/exchanges`, `/exchanges/ID` and `/events`: what clients sent is for this machine alone, wherever the listener can be reached from. */
export function answerExchanges(
  app: FastifyInstance,
  { exchanges, status }: { readonly exchanges: ExchangesView; readonly status: () => Promise<unknown> },
): void {
  const hub = new EventHub({
    status: async () => JSON.stringify(await status()),
    find: (query) => exchanges.find(query),
  });
  app.addHook('preClose', async () => hub.close());
  app.get('/exchanges', (request, reply) =>
    withQuery(request, reply, async (query) => {
      const { newest: _, ...list } = await exchanges.find(query);
      return sendJson(reply, list);
    }),
  );
  app.get('/exchanges/:id', async (request, reply) => {
    if (isRefused(request)) return refuse(reply);
    const { id } = request.params as { readonly id: string };
    const view = ID.test(id) ? await exchanges.one(id) : null;
    if (view !== null) return sendJson(reply, view);
    return sendProblem(reply, {
      status: 404,
      detail: 'There is no such exchange, or newer ones have pushed it out.',
    });
  });
  app.get('/events', { exposeHeadRoute: false }, (request, reply) =>
    withQuery(request, reply, (query) => {
      if (hub.isFull) return sendProblem(reply, { status: 503, detail: 'Too many are looking already.' });
      // The time for idle connections is not for a gateway that has nothing to tell.
      request.raw.setTimeout(0);
      return reply.type('text/event-stream; charset=utf-8').send(hub.open(query));
    }),
  );
}

/** Of this process, and one of its exchanges. */
const ID = /^[0-9a-z]{1,12}-[0-9a-z]{1,12}$/;

function withQuery(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: (query: ExchangeQuery) => FastifyReply | Promise<FastifyReply>,
): FastifyReply | Promise<FastifyReply> {
  if (isRefused(request)) return refuse(reply);
  const query = readQuery(new URL(request.url, 'http://admin').searchParams, Date.now());
  return query === null ? sendProblem(reply, { status: 400, detail: QUERY_USAGE }) : answer(query);
}

/** By the connection's own address, and by what browsers say of the page that asks: fields that another client sends count for nothing. */
function isRefused({ socket, headers }: FastifyRequest): boolean {
  const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return (
    !isLoopback(from) || isFromAPage(headers) || /^(cross|same)-site$/.test(String(headers['sec-fetch-site']))
  );
}

function refuse(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, {
    status: 403,
    detail: `This is there for processes of the same machine only. ${FOR_NO_PAGE}`,
  });
}
