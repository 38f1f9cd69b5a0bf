import type { Readable, Writable } from 'node:stream';

/** A request that fails: its code (JSON-RPC 2.0 §5.1) and what to do. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const INTERNAL = -32603;

/** Answers a request; returns `null` for a notification. @throws RpcError */
export type RpcHandler = (method: string, params: Readonly<Record<string, unknown>>) => Promise<unknown>;

type Id = string | number;

/**
 * JSON-RPC 2.0, a message a line, as the stdio transport of the Model Context Protocol has it (2025-06-18, "Transports"). It ends with its
 * input, when everything under way is answered.
 */
export async function serveRpc(input: Readable, output: Writable, handle: RpcHandler): Promise<void> {
  const underWay = new Set<Promise<void>>();
  // The client has left: the input ends, too.
  output.on('error', () => input.destroy());
  const answer = async (line: string | null) => {
    const said = line === null ? TOO_LONG : await answerTo(line, handle);
    if (said !== null && output.writable) output.write(`${JSON.stringify(said)}\n`);
  };
  for await (const line of boundedLines(input)) {
    const work: Promise<void> = answer(line).finally(() => underWay.delete(work));
    underWay.add(work);
    if (underWay.size >= UNDER_WAY_MAX) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}

const UNDER_WAY_MAX = 32;

/** @returns its lines; `null` for one that is too long, of which nothing is kept. */
async function* boundedLines(input: Readable): AsyncGenerator<string | null> {
  input.setEncoding('utf8');
  let rest = '';
  let isTooLong = false;
  try {
    for await (const piece of input) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!isTooLong && line.trim() !== '') yield line;
        isTooLong = false;
      }
      if (!isTooLong && rest.length <= LINE_MAX_CHARS) continue;
      if (!isTooLong) yield null;
      isTooLong = true;
      rest = '';
    }
    if (!isTooLong && rest.trim() !== '') yield rest;
  } catch (cause) {
    if (!input.destroyed) throw cause;
  }
}

const LINE_MAX_CHARS = 4 << 20;
const TOO_LONG: unknown = failure(null, new RpcError(PARSE_ERROR, 'A message has 4 MiB at most.'));

async function answerTo(line: string, handle: RpcHandler): Promise<unknown> {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return failure(null, new RpcError(PARSE_ERROR, 'That is no JSON.'));
  }
  if (!Array.isArray(message) || message.length === 0) return answerOne(message, handle);
  // Protocol 2025-03-26 has batches.
  const answers = await Promise.all(message.map((one) => answerOne(one, handle)));
  const said = answers.filter((one) => one !== null);
  return said.length === 0 ? null : said;
}

async function answerOne(message: unknown, handle: RpcHandler): Promise<unknown> {
  if (!isObject(message)) return failure(null, new RpcError(INVALID_REQUEST, 'That is no request.'));
  const { id, method, params } = message;
  const known = idOf(id);
  // An answer to a request that was never made.
  if (method === undefined && ('result' in message || 'error' in message)) return null;
  if (typeof method !== 'string') return failure(known, new RpcError(INVALID_REQUEST, 'That is no request.'));
  if (known === null && 'id' in message)
    return failure(null, new RpcError(INVALID_REQUEST, 'The id of a request is a text or a number.'));
  try {
    const result = await handle(method, isObject(params) ? params : {});
    return known === null ? null : { jsonrpc: '2.0', id: known, result };
  } catch (cause) {
    return known === null ? null : failure(known, cause);
  }
}

function failure(id: Id | null, cause: unknown): unknown {
  const { code, message } =
    cause instanceof RpcError ? cause : { code: INTERNAL, message: (cause as Error).message };
  return { jsonrpc: '2.0', id, error: { code, message } };
}

function idOf(id: unknown): Id | null {
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
