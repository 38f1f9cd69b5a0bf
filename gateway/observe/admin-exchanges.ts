import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isAny } from '../config/listening.ts';
import type { ExchangeQuery, KeptRequest, ReplayEdits } from '../model/exchanges.ts';
import { sendExplanation } from './admin-explain.ts';
import { sendJson, sendProblem } from './admin-problem.ts';
import type { AdminView, ExchangesView } from './admin-view.ts';
import { CAPTURE_USAGE, EDITS_USAGE, readCapture, readEdits } from './exchanges/edits.ts';
import { EventHub, READERS_MAX } from './exchanges/events.ts';
import { QUERY_USAGE, readMessageQuery, readQuery } from './exchanges/query.ts';
import { type Entrance, ReplayRefusal, replay } from './exchanges/replay.ts';
import { SAVED_AS } from './exchanges/saved.ts';
import { gatewayStatus, originOf } from './gateway-status.ts';
import { jsonChunks } from './json-pieces.ts';
import { refuseRemote } from './refuse-remote.ts';

/** `/exchanges`, everything below it, and `/events`: clients' data is for this machine only, wherever the listener can be reached from. */
export function answerExchanges(app: FastifyInstance, view: AdminView): void {
  app.register(async (own) => {
    own.addHook('onRequest', refuseRemote);
    answerEvents(own, view);
    answerReads(own, view);
    answerMessages(own, view.exchanges);
    answerCompared(own, view.exchanges);
    answerCapture(own, view.exchanges);
    answerReplay(own, view);
    answerSend(own, view);
    answerExplainOf(own, view);
  });
}

function answerReads(app: FastifyInstance, view: AdminView): void {
  app.get('/exchanges', (request, reply) =>
    withQuery(request, reply, async (query) => {
      const { newest: _, ...list } = await view.exchanges.find(query);
      return sendJson(reply, list);
    }),
  );
  app.get('/exchanges/:id', async (request, reply) => {
    const id = idOf(request);
    const parameters = parametersOf(request);
    const bodies = parameters.get('bodies') === 'true';
    const one = id === null ? null : await view.exchanges.one(id, bodies);
    if (one === null) return sendProblem(reply, GONE);
    const as = parameters.get('as');
    if (as === null) return sendJson(reply, one);
    if (!Object.hasOwn(SAVED_AS, as)) return sendProblem(reply, { status: 400, detail: AS_USAGE });
    return reply
      .type('text/plain; charset=utf-8')
      .send(SAVED_AS[as]!(one, originOf(view.config(), view.port())));
  });
}

const AS_USAGE = `\`as\` is one of ${Object.keys(SAVED_AS).join(', ')}.`;
const GONE = { status: 404, detail: 'There is no such exchange, or newer ones have pushed it out.' };

function answerEvents(app: FastifyInstance, view: AdminView): void {
  const hub = new EventHub({
    status: () => statusLine(view),
    find: (query) => view.exchanges.find(query),
    messages: (query) => view.exchanges.messages(query),
  });
  app.addHook('preClose', async () => hub.close());
  app.get('/events', { exposeHeadRoute: false }, (request, reply) =>
    withQuery(request, reply, (query) => {
      if (hub.isFull) {
        reply.header('retry-after', String(EVENTS_RETRY_S));
        return sendProblem(reply, { status: 503, detail: EVENTS_FULL });
      }
      // The idle timeout must not end a stream without news.
      request.raw.setTimeout(0);
      const messages = parametersOf(request).get('messages') === 'true';
      return reply.type('text/event-stream; charset=utf-8').send(hub.open(query, messages));
    }),
  );
}

async function statusLine(view: AdminView): Promise<string> {
  let text = '';
  for (const chunk of jsonChunks(await gatewayStatus(view), '')) {
    text += chunk;
    if (view.slice.isOver) await view.slice.next();
  }
  return text;
}

const EVENTS_RETRY_S = 2;
const EVENTS_FULL = `${READERS_MAX} follow the events already. There is room for another when one of them closes its page, or puts it out of sight.`;

function answerMessages(app: FastifyInstance, exchanges: ExchangesView): void {
  app.get('/messages', async (request, reply) => {
    const query = readMessageQuery(parametersOf(request));
    if (query === null)
      return sendProblem(reply, { status: 400, detail: '`limit` is a number from 1 to 1000.' });
    const { newest: _, ...list } = await exchanges.messages(query);
    return sendJson(reply, list);
  });
}

function answerCompared(app: FastifyInstance, exchanges: ExchangesView): void {
  app.get('/compare', async (request, reply) => {
    const asked = parametersOf(request);
    const limit = Number(asked.get('limit') ?? 20);
    if (!Number.isInteger(limit) || limit < 0 || limit > 100)
      return sendProblem(reply, { status: 400, detail: '`limit` is a number from 0 to 100.' });
    return sendJson(reply, await exchanges.compared({ route: asked.get('route'), limit }));
  });
}

/** `POST /capture` keeps bodies of exchanges for a while, `DELETE /capture` stops that. */
function answerCapture(app: FastifyInstance, exchanges: ExchangesView): void {
  app.post('/capture', async (request, reply) => {
    const capture = readCapture(parametersOf(request), Date.now());
    if (capture === null) return sendProblem(reply, { status: 400, detail: CAPTURE_USAGE });
    await exchanges.capture(capture);
    return sendJson(reply, capture);
  });
  app.delete('/capture', async (_request, reply) => {
    await exchanges.capture(null);
    return sendJson(reply, { route: null, until: 0 });
  });
}

function answerReplay(app: FastifyInstance, view: AdminView): void {
  app.post('/exchanges/:id/replay', { bodyLimit: EDITS_MAX_BYTES }, async (request, reply) => {
    const edits = readEdits(request.body);
    if (edits === null) return sendProblem(reply, { status: 400, detail: EDITS_USAGE });
    const id = idOf(request);
    const kept = id === null ? null : await view.exchanges.request(id);
    if (kept === null) return sendProblem(reply, GONE);
    return sent(request, reply, kept, edits, view);
  });
}

/** `POST /send` sends a new request through the gateway's own port; its body has the form of a replay's. */
function answerSend(app: FastifyInstance, view: AdminView): void {
  app.post('/send', { bodyLimit: EDITS_MAX_BYTES }, async (request, reply) => {
    const edits = readEdits(request.body);
    if (edits?.target === undefined) return sendProblem(reply, { status: 400, detail: EDITS_USAGE });
    return sent(request, reply, NOTHING_KEPT, edits, view);
  });
}

const NOTHING_KEPT: KeptRequest = {
  method: 'GET',
  target: '/',
  fields: [],
  body: null,
  bodyLost: false,
  answer: null,
};

async function sent(
  request: FastifyRequest,
  reply: FastifyReply,
  kept: KeptRequest,
  edits: ReplayEdits,
  view: AdminView,
): Promise<FastifyReply> {
  // It takes as long as the service takes.
  request.raw.setTimeout(0);
  try {
    return sendJson(reply, await replay(kept, edits, entranceOf(view), view.mode));
  } catch (cause) {
    if (cause instanceof ReplayRefusal) return sendProblem(reply, { status: 409, detail: cause.message });
    throw cause;
  }
}

/** `POST /explain`: like GET, for input that must not be part of a URL. */
function answerExplainOf(app: FastifyInstance, view: AdminView): void {
  app.post('/explain', { bodyLimit: EDITS_MAX_BYTES }, (request, reply) => {
    const asked = readEdits(request.body);
    if (asked?.target === undefined) return sendProblem(reply, { status: 400, detail: EDITS_USAGE });
    const { method = 'GET', target, fields = [] } = asked;
    const host = fields.find(([name]) => /^host$/i.test(name))?.[1] ?? null;
    const headers = fields.filter(([name]) => !/^host$/i.test(name));
    const input = { method: method.toUpperCase(), target, host, headers };
    return sendExplanation(request, reply, view.explain(input));
  });
}

const EDITS_MAX_BYTES = 1 << 20;

function entranceOf(view: AdminView): Entrance {
  const { host, tls } = view.config();
  const port = view.port();
  return {
    host: isAny(host) ? '127.0.0.1' : host,
    port,
    secure: tls !== null && (tls.port ?? port) === port,
  };
}

function idOf({ params }: FastifyRequest): string | null {
  const { id } = params as { readonly id: string };
  return ID.test(id) ? id : null;
}

/** Of this process, and one of its exchanges. */
const ID = /^[0-9a-z]{1,12}-[0-9a-z]{1,12}$/;

function withQuery(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: (query: ExchangeQuery) => FastifyReply | Promise<FastifyReply>,
): FastifyReply | Promise<FastifyReply> {
  const query = readQuery(parametersOf(request), Date.now());
  return query === null ? sendProblem(reply, { status: 400, detail: QUERY_USAGE }) : answer(query);
}

function parametersOf({ url }: FastifyRequest): URLSearchParams {
  return new URLSearchParams(/\?(.*)/s.exec(url)?.[1] ?? '');
}
