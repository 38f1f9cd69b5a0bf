import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { STATUS_CODES } from '../exchange/node-http.ts';
import { TimeSlice } from '../exchange/time-slice.ts';

/** RFC 9457; `about:blank` means that the title is the status's own (§4.2.1). */
export interface AdminProblem {
  readonly status: number;
  /** What happened, and what to do next. */
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
  return reply.send(hasMany(value) ? Readable.from(inPieces(value)) : jsonText(value));
}

/** Whether it takes long to write out: all that is told of thousands of routes, which requests do not wait for. */
function hasMany(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > MEMBERS_AT_ONCE;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasMany);
}

async function* inPieces(value: unknown): AsyncGenerator<string> {
  const slice = new TimeSlice();
  let text = '';
  for (const piece of jsonPieces(value)) {
    text += piece;
    if (text.length >= PIECE_CHARS) {
      yield text;
      text = '';
    }
    if (slice.isOver) await slice.next();
  }
  yield `${text}\n`;
}

/** The same text as of `jsonText`, of long lists member by member. @param indent of the lines. */
export function* jsonPieces(value: unknown, indent = ''): Generator<string> {
  if (!hasMany(value)) return yield textOf(value, indent);
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  let before = isList ? '[' : '{';
  for (const [name, member] of Object.entries(value as object)) {
    if (!isList && member === undefined) continue;
    yield isList ? `${before}\n${inner}` : `${before}\n${inner}${JSON.stringify(name)}: `;
    yield* jsonPieces(member ?? null, inner);
    before = ',';
  }
  yield `\n${indent}${isList ? ']' : '}'}`;
}

/** People read it in a terminal. */
function jsonText(value: unknown): string {
  return `${textOf(value)}\n`;
}

function textOf(value: unknown, indent = ''): string {
  const text = JSON.stringify(value, null, 2);
  // Within strings, a line's end is escaped.
  return indent === '' ? text : text.replaceAll('\n', `\n${indent}`);
}

/** What is written out at once may be as many of the largest things that are told. */
const MEMBERS_AT_ONCE = 50;
const PIECE_CHARS = 16 * 1024;
