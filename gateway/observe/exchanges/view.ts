import type { AttemptDetail } from '../../exchange/detail.ts';
import { shownField, shownText } from '../../fields/secrets.ts';
import type {
  AttemptView,
  ExchangeSummary,
  ExchangeView,
  KeptRequest,
  MessageView,
} from '../../model/exchanges.ts';
import { formatExplanation } from '../../route/explain-text.ts';
import type { ExplainInput, Explanation } from '../../route/explanation.ts';
import { withoutSecrets } from '../shown-explanation.ts';
import { bodyView } from './bodies.ts';
import type { KeptExchange } from './ring.ts';

// Kept exchanges for display. Nothing leaves the ring except through these functions.

export function summaryOf({ record, endedAt }: KeptExchange, id: string): ExchangeSummary {
  const { startedAt, headAt, endedAt: ended, errorCode, cause, detail, target } = record;
  const { requestId, method, protocol, client, user, route, endpoint, status, policy, cache } = record;
  const { attempts, bytesIn, bytesOut, tunnel, fallback, lane } = record;
  const totalMs = tenths(ended - startedAt);
  return {
    id,
    requestId,
    startedAt: Math.round(endedAt - totalMs),
    endedAt,
    method,
    target: shownText(target),
    host: hostOf(detail?.requestFields ?? []),
    protocol,
    client,
    user,
    route,
    endpoint,
    status,
    code: errorCode,
    cause: cause === null ? null : shownText(cause),
    policy,
    cache,
    attempts,
    headMs: headAt === null ? null : tenths(headAt - startedAt),
    totalMs,
    bytesIn,
    bytesOut,
    tunnel,
    fallback,
    lane,
    detailed: detail !== null,
  };
}

export function viewOf(kept: KeptExchange, id: string, explanation: Explanation): ExchangeView {
  const { errorType, escaped, detail, startedAt } = kept.record;
  return {
    ...summaryOf(kept, id),
    errorType,
    escaped,
    request: messageOf(detail?.requestFields ?? null),
    answer: messageOf(detail?.answerFields ?? null),
    tries: detail?.attempts.map((attempt) => attemptOf(attempt, startedAt)) ?? [],
    why: shownText(formatExplanation(withoutSecrets(explanation), { colour: false })),
  };
}

export function messageOf(fields: readonly string[] | null): MessageView | null {
  return fields === null ? null : { fields: shownFields(fields) };
}

export function shownFields(fields: readonly string[]): [name: string, value: string][] {
  return pairs(fields).map(([name, value]) => [name, shownField(name, value)]);
}

function attemptOf(attempt: AttemptDetail, from: number): AttemptView {
  const since = (at: number | null) => (at === null ? null : tenths(at - from));
  const { endpoint, startedAt, sentAt, reused, headAt, failedAt, status, error } = attempt;
  return {
    endpoint,
    startMs: tenths(startedAt - from),
    sentMs: since(sentAt),
    reused,
    headMs: since(headAt),
    failedMs: since(failedAt),
    status,
    code: error,
  };
}

/** The request, for `explain`: with its secrets, for conditions may ask for them. */
export function explainInput({ record }: KeptExchange): ExplainInput {
  const { method, target, client, detail } = record;
  const headers = pairs(detail?.requestFields ?? []);
  const host = hostOf(detail?.requestFields ?? []);
  return { method, target, host, from: client, headers: headers.filter(([name]) => !isHost(name)) };
}

export function pairs(fields: readonly string[]): [name: string, value: string][] {
  const out: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) out.push([fields[i]!, fields[i + 1]!]);
  return out;
}

function hostOf(fields: readonly string[]): string | null {
  for (let i = 0; i < fields.length; i += 2) if (isHost(fields[i]!)) return fields[i + 1]!;
  return null;
}

function isHost(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === 'host';
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

export async function withBodies(view: ExchangeView, { record }: KeptExchange): Promise<ExchangeView> {
  const { requestFields = [], answerFields, requestBody = null, answerBody = null } = record.detail ?? {};
  const [request, answer] = await Promise.all([
    bodyView(requestBody, requestFields),
    bodyView(answerBody, answerFields ?? []),
  ]);
  return {
    ...view,
    request: view.request && { ...view.request, body: request },
    answer: view.answer && { ...view.answer, body: answer },
  };
}

/** `null`: its fields were not kept, so nothing of it can be sent again. */
export async function keptRequest({ record }: KeptExchange): Promise<KeptRequest | null> {
  const { method, target, detail, bytesIn, status, tunnel } = record;
  if (detail === null || tunnel) return null;
  const { requestFields: fields, requestBody, answerFields, answerBody } = detail;
  const answered = answerFields !== null;
  return {
    method,
    target,
    fields,
    body: requestBody === null || requestBody.bytes === 0 ? null : requestBody.content.toString('base64'),
    bodyLost: requestBody === null ? bytesIn > 0 : requestBody.isTruncated,
    answer: answered
      ? { status, fields: shownFields(answerFields), body: await bodyView(answerBody, answerFields) }
      : null,
  };
}
