import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DrainOutcome, EndpointStatus } from '../model/status.ts';
import { sendJson, sendProblem } from './admin-problem.ts';
import type { AdminView } from './admin-view.ts';

type DrainView = Pick<AdminView, 'drained' | 'drain' | 'figure'>;

/** An endpoint as a route, or a raw port, has it. */
interface Placed {
  /** Of the route or the stream. */
  readonly id: string;
  readonly endpoints: readonly EndpointStatus[];
}

const DRAINED_MAX = 1_000;
const USAGE =
  'Say which endpoint is meant, by its address as /routes has it: /endpoints/drain?address=127.0.0.1:3001. A port alone is one of this machine.';

/** `/endpoints/drain` and `/endpoints/admit`: drained addresses get no new exchanges; present ones finish. */
export function answerDrain(app: FastifyInstance, view: DrainView): void {
  app.get('/endpoints', (_request, reply) => sendJson(reply, { drained: view.drained() }));
  app.post('/endpoints/drain', (request, reply) => answer(request, reply, view, true));
  app.post('/endpoints/admit', (request, reply) => answer(request, reply, view, false));
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  view: DrainView,
  drains: boolean,
): Promise<FastifyReply> {
  const spellings = spellingsOf(request.url);
  if (spellings.length === 0) return sendProblem(reply, { status: 400, detail: USAGE });
  const before = view.drained();
  const known = (await everyPlace(view)).flatMap(({ endpoints }) => endpoints.map((one) => one.address));
  // A drained address may have left the configuration since.
  const address = spellings.find((one) => known.includes(one) || before.includes(one));
  if (address === undefined) {
    const endpoints = [...new Set(known)].slice(0, 100);
    const some = endpoints.length === 0 ? '' : ` There are ${endpoints.slice(0, 10).join(', ')}.`;
    const detail = `No route has the endpoint ${spellings[0]}.${some}`;
    return sendProblem(reply, { status: 404, detail, more: { endpoints } });
  }
  if (drains && before.length >= DRAINED_MAX)
    return sendProblem(reply, { status: 409, detail: `${DRAINED_MAX} are drained already: admit some.` });
  const others = view.drained().filter((one) => one !== address);
  await view.drain(drains ? [...others, address] : others);
  return sendJson(reply, await outcome(address, view));
}

async function outcome(address: string, view: DrainView): Promise<DrainOutcome> {
  const all = await everyPlace(view);
  const placed = all.filter(({ endpoints }) => endpoints.some((one) => one.address === address));
  const own = placed.flatMap(({ endpoints }) => endpoints).find((one) => one.address === address);
  return {
    address,
    drained: view.drained().includes(address),
    active: own?.drained ?? null,
    routes: placed.map(({ id, endpoints }) => ({
      id,
      left: endpoints.filter(({ drained, role }) => drained === undefined && role !== 'fallback').length,
    })),
  };
}

async function everyPlace({ figure }: Pick<AdminView, 'figure'>): Promise<readonly Placed[]> {
  return [...(await figure('routes')), ...(await figure('streams'))];
}

/** Spellings of the address in the file; empty for anything that is no address. */
function spellingsOf(requestTarget: string): readonly string[] {
  const query = new URLSearchParams(/\?(.*)/s.exec(requestTarget)?.[1]?.replaceAll('+', '%2B'));
  const address = query.get('address') ?? '';
  if (address === '' || address.length > 300) return [];
  const [, port] = /^:?(\d{1,5})$/.exec(address) ?? [];
  return port === undefined ? [address] : [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`];
}
