import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { STATUS_CODES } from '../exchange/node-http.ts';
import type { TimeSlice } from '../exchange/time-slice.ts';
import { hasMany, jsonChunks } from './json-pieces.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Of the admin listener. */
    readonly slice: TimeSlice;
  }
}

/** RFC 9457; `about:blank` means that the title is the status's own (§4.2.1). */
export interface AdminProblem {
  readonly status: number;
  /** What happened, and what to do. */
  readonly detail: string;
  /** Further members. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export function problemText({ status, detail, more }: AdminProblem): string {
  return jsonText({ type: 'about:blank', title: STATUS_CODES[status], status, detail, ...more });
}

export function sendProblem(reply: FastifyReply, problem: AdminProblem): FastifyReply {
  return reply.code(problem.status).type('application/problem+json').send(problemText(problem));
}

export function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  reply.type('application/json; charset=utf-8');
  return reply.send(hasMany(value) ? Readable.from(inPieces(value, reply.server.slice)) : jsonText(value));
}

async function* inPieces(value: unknown, slice: TimeSlice): AsyncGenerator<string> {
  for (const chunk of jsonChunks(value, '  ')) {
    yield chunk;
    if (slice.isOver) await slice.next();
  }
  yield '\n';
}

/** People read it in a terminal. */
function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
