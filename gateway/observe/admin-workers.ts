import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Replacement } from '../model/status.ts';
import { sendJson, sendProblem } from './admin-problem.ts';

/** `POST /workers/replace`: answered when all new workers serve, or when it is known why not. */
export async function answerReplace(
  request: FastifyRequest,
  reply: FastifyReply,
  replace: () => Promise<Replacement>,
): Promise<FastifyReply> {
  // It takes as long as all new workers together take to start; when it is answered, Node sets its timeout for idle connections again.
  request.raw.setTimeout(0);
  const { replaced, problem } = await replace();
  if (problem === null) return sendJson(reply, { replaced });
  return sendProblem(reply, { status: 409, detail: problem, more: { replaced } });
}
