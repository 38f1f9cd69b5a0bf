import type { AttemptView, ExchangeView } from '../../model/exchanges.ts';

/** A part of an exchange's time. */
export interface Span {
  readonly what: string;
  readonly kind: 'gateway' | 'connect' | 'wait' | 'body' | 'failed';
  readonly endpoint: string | null;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The parts of an exchange in order: the gateway's own work, each attempt, and the body. */
export function spansOf({ tries, headMs, totalMs }: ExchangeView): Span[] {
  const first = tries[0]?.startMs ?? headMs ?? totalMs;
  const spans: Span[] = [{ what: 'gateway', kind: 'gateway', endpoint: null, fromMs: 0, toMs: first }];
  for (const one of tries) spans.push(...spansOfTry(one, totalMs));
  const bodyFrom = tries.at(-1)?.headMs ?? headMs;
  if (bodyFrom !== null)
    spans.push({ what: 'body', kind: 'body', endpoint: null, fromMs: bodyFrom, toMs: totalMs });
  return spans;
}

function spansOfTry(one: AttemptView, totalMs: number): Span[] {
  const { endpoint, startMs, sentMs, reused, headMs, failedMs, code } = one;
  const end = failedMs ?? headMs ?? totalMs;
  const spans: Span[] = [];
  if (sentMs !== null && (!reused || sentMs - startMs >= 0.1))
    spans.push({
      what: reused ? 'queue' : 'connect',
      kind: 'connect',
      endpoint,
      fromMs: startMs,
      toMs: sentMs,
    });
  const failed = failedMs !== null;
  spans.push({
    what: failed ? (code ?? 'failed') : 'first byte',
    kind: failed ? 'failed' : 'wait',
    endpoint,
    fromMs: sentMs ?? startMs,
    toMs: end,
  });
  return spans;
}
