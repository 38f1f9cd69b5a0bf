import type { FastifyReply, FastifyRequest } from 'fastify';
import { isLoopback } from '../config/listening.ts';
import { sendProblem } from './admin-problem.ts';
import { FOR_NO_PAGE, isOfAnotherOrigin } from './host-guard.ts';

/**
 * Decided by the connection's own address, and by the browser's fields about the requesting page; fields of other clients count for
 * nothing.
 */
export async function refuseRemote(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { socket, headers, adminUser } = request;
  // The holder of a key may be anywhere, and where the page is from was asked before.
  if (adminUser !== null) return;
  const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  if (isLoopback(from) && !isOfAnotherOrigin(headers)) return;
  const detail = `This is there for processes of the same machine only. ${FOR_NO_PAGE}`;
  return sendProblem(reply, { status: 403, detail });
}
