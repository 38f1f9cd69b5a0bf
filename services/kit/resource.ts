import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { Problem } from './problem.ts';

export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/**
 * Everything that can be done at one path. Methods that are not there are answered 405 with `Allow` (RFC 9110
 * §15.5.6), `OPTIONS` with 204 and the same list; HEAD comes with GET.
 */
export function addResource(
  app: FastifyInstance,
  url: string,
  methods: Partial<Record<HTTPMethods, Handler>>,
): void {
  const names = Object.keys(methods) as HTTPMethods[];
  const allow = [...names, ...(methods.GET && !methods.HEAD ? ['HEAD'] : []), 'OPTIONS'];
  for (const method of names) {
    app.route({ method, url, handler: methods[method]!, exposeHeadRoute: methods.HEAD === undefined });
  }
  const others = app.supportedMethods.filter((method) => !allow.includes(method)) as HTTPMethods[];
  app.route({
    method: 'OPTIONS',
    url,
    handler: (_request, reply) => reply.code(204).header('allow', allow.join(', ')).send(),
  });
  app.route({ method: others, url, handler: (request) => refuseMethod(request.method, allow) });
}

function refuseMethod(method: string, allow: readonly string[]): never {
  throw new Problem(405, 'method_not_allowed', `${method} can't be used here; ${allow.join(', ')} can.`, {
    headers: { allow: allow.join(', ') },
  });
}
