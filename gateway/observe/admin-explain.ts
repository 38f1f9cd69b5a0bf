import type { FastifyReply, FastifyRequest } from 'fastify';
import { preferredType } from '../fields/accept.ts';
import { formatExplanation } from '../route/explain-text.ts';
import type { ExplainInput, Explanation } from '../route/explanation.ts';
import { sendJson, sendProblem } from './admin-problem.ts';
import { withoutWantedSecrets } from './shown-explanation.ts';

const USAGE =
  'Say which request is meant, with everything in it percent-encoded as in any query: ' +
  '/explain?url=http%3A%2F%2Flocalhost%3A3000%2Fdb%2Fx&method=GET. Also understood: host=NAME, from=ADDRESS, and header=Name:value ' +
  'any number of times. curl -G --data-urlencode url=... encodes for you.';

/** `/explain?url=...`: JSON, or the text that `portway explain` prints where `Accept` prefers `text/plain`. */
export function answerExplain(
  request: FastifyRequest,
  reply: FastifyReply,
  explain: (input: ExplainInput) => Explanation,
): FastifyReply {
  const input = readInput(request.url);
  if (input === null) return sendProblem(reply, { status: 400, detail: USAGE });
  return sendExplanation(request, reply, explain(input));
}

export function sendExplanation(
  request: FastifyRequest,
  reply: FastifyReply,
  whole: Explanation,
): FastifyReply {
  const explanation = withoutWantedSecrets(whole);
  reply.header('vary', 'accept');
  if (preferredType(request.headers.accept, ['application/json', 'text/plain']) === 'application/json') {
    return sendJson(reply, explanation);
  }
  return reply.type('text/plain; charset=utf-8').send(formatExplanation(explanation, { colour: false }));
}

function readInput(requestTarget: string): ExplainInput | null {
  // Not an HTML form: in a typed URL a plus is a plus.
  const query = new URLSearchParams(/\?(.*)/s.exec(requestTarget)?.[1]?.replaceAll('+', '%2B'));
  const target = query.get('url');
  if (target === null || target === '') return null;
  const from = query.get('from');
  return {
    ...(from !== null && { from }),
    method: (query.get('method') ?? 'GET').toUpperCase(),
    target,
    host: query.get('host'),
    headers: query.getAll('header').map(readHeader),
  };
}

function readHeader(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  return colon === -1 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}
