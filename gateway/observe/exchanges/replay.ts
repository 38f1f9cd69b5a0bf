import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { CapturedBody } from '../../exchange/captured-body.ts';
import { differenceOf } from '../../exchange/difference.ts';
import { http } from '../../exchange/node-http.ts';
import { HIDDEN, shownField, shownText } from '../../fields/secrets.ts';
import type { KeptRequest, ReplayEdits, ReplayResult, ShownAnswer } from '../../model/exchanges.ts';
import { bodyView } from './bodies.ts';
import { OF_THE_CONNECTION } from './saved.ts';
import { pairs, shownFields } from './view.ts';

/** Why it is not sent, for the client. */
export class ReplayRefusal extends Error {
  override readonly name = 'ReplayRefusal';
}

/** Where this gateway takes clients. */
export interface Entrance {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

type Request = Pick<KeptRequest, 'method' | 'target' | 'fields'> & { readonly body: Buffer | null };

/**
 * Sends a kept request again through the clients' port, so that every policy applies. In production, masked values are left out: nobody may
 * act with another's credentials.
 * @throws ReplayRefusal
 */
export async function replay(
  kept: KeptRequest,
  edits: ReplayEdits,
  entrance: Entrance,
  mode: 'development' | 'production',
): Promise<ReplayResult> {
  const request = edited(kept, edits, mode);
  if (!SAFE.has(request.method) && edits.confirm !== true)
    throw new ReplayRefusal(`${request.method} may change something: say \`"confirm": true\` to send it.`);
  const after = await send(request, entrance);
  return {
    sent: { method: request.method, target: request.target, fields: shownFields(request.fields) },
    before: kept.answer,
    after,
    difference: kept.answer === null ? null : differenceOf(kept.answer, after),
  };
}

/** RFC 9110 §9.2.1 */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY']);

/** @throws ReplayRefusal */
function edited(kept: KeptRequest, edits: ReplayEdits, mode: 'development' | 'production'): Request {
  const method = edits.method ?? kept.method;
  const target = revealedTarget(edits.target, kept.target, mode);
  const given = edits.fields?.flat() ?? kept.fields;
  const fields = sendable(given, kept.fields, mode);
  if (!TOKEN.test(method) || method === 'CONNECT')
    throw new ReplayRefusal('That is no method that can be sent.');
  if (!/^[/*][\x21-\x7e\x80-\xff]*$/.test(target))
    throw new ReplayRefusal('The target begins with a slash, and is percent-encoded.');
  return { method, target, fields, body: bodyOf(kept, edits, mode) };
}

/** @throws ReplayRefusal where there was one that can't be sent */
function bodyOf(kept: KeptRequest, edits: ReplayEdits, mode: string): Buffer | null {
  if (edits.body !== undefined) return Buffer.from(edits.body);
  if (kept.bodyLost)
    throw new ReplayRefusal(
      'Its body was not kept: give one as `body`, or have bodies kept (`inspect: true` on the route) and send it again.',
    );
  if (!kept.body) return null;
  // A login can't be told from any other form.
  if (mode === 'production')
    throw new ReplayRefusal('In production a body that a client sent is not sent again: give one as `body`.');
  return Buffer.from(kept.body, 'base64');
}

/** @throws ReplayRefusal */
function sendable(given: readonly string[], kept: readonly string[], mode: string): string[] {
  const fields: string[] = [];
  for (const [name, value] of pairs(given)) {
    const lower = name.toLowerCase();
    if (OF_THE_CONNECTION.test(name)) continue;
    const masked = given !== kept && value.includes(HIDDEN);
    const meant = masked ? pairs(kept).find(([other]) => other.toLowerCase() === lower)?.[1] : value;
    // A user may edit any field; unedited ones are the client's.
    const clients = masked || given === kept;
    const hidden = clients && mode === 'production' && shownField(lower, meant ?? '') !== meant;
    if (meant === undefined || hidden) continue;
    if (!TOKEN.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(meant))
      throw new ReplayRefusal(`${JSON.stringify(name)} can't be a header field.`);
    fields.push(name, meant);
  }
  return fields;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;

/** A parameter that is masked stands for the one that was kept. */
function revealedTarget(edited: string | undefined, kept: string, mode: string): string {
  if (edited === undefined && mode === 'development') return kept;
  const target = edited ?? shownText(kept);
  if (!target.includes(HIDDEN)) return target;
  if (mode === 'production') return target.replaceAll(HIDDEN, '');
  return target.replace(MASKED, (whole, before: string, name: string) => {
    const pair = kept.split(/[?&;]/).find((one) => one.startsWith(`${name}=`));
    return pair === undefined ? whole : before + pair;
  });
}

const MASKED = /([?&;])([^=?&;]+)=\(not shown\)/g;

/** @throws ReplayRefusal where there is no answer. */
function send({ method, target, fields, body }: Request, entrance: Entrance): Promise<ReplayResult['after']> {
  const began = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<ReplayResult['after']>();
  const length = body === null ? [] : ['Content-Length', String(body.length)];
  const options = {
    host: entrance.host,
    port: entrance.port,
    method,
    path: target,
    headers: [...fields, ...length, 'Connection', 'close'],
    setHost: false,
    agent: false,
    timeout: ANSWER_MS,
    signal: AbortSignal.timeout(ANSWER_MS),
    // Our own port on this machine, whatever the certificate's name.
    rejectUnauthorized: false,
  } as const;
  const request = (entrance.secure ? https : http).request(options);
  const failed = (cause: Error) =>
    reject(new ReplayRefusal(`The gateway gave no answer to it: ${cause.message}.`));
  request.on('error', failed).on('timeout', () => request.destroy(new Error('it took too long')));
  request.on('upgrade', (_answer, socket) => {
    socket.destroy();
    failed(new Error('it became a tunnel'));
  });
  request.on('response', (answer) => {
    answer.on('error', failed);
    read(answer).then(
      (shown) => resolve({ ...shown, totalMs: Math.round(performance.now() - began) }),
      failed,
    );
  });
  request.end(body ?? undefined);
  return promise;
}

async function read(answer: IncomingMessage): Promise<ShownAnswer> {
  const captured = new CapturedBody();
  for await (const chunk of answer) {
    captured.take(chunk as Buffer);
    if (captured.bytes > READ_MAX_BYTES) break;
  }
  captured.whole = answer.complete;
  const { statusCode = 0, rawHeaders } = answer;
  return { status: statusCode, fields: shownFields(rawHeaders), body: await bodyView(captured, rawHeaders) };
}

const ANSWER_MS = 30_000;
const READ_MAX_BYTES = 16 << 20;
