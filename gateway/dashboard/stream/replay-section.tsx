import { useSignal } from '@preact/signals';
import type { ExchangeView, ReplayResult } from '../../model/exchanges.ts';
import { ask } from '../live/ask.ts';
import { Section } from '../parts/section.tsx';
import { type Draft, editsOf } from '../request/draft.ts';
import { RequestForm } from '../request/request-form.tsx';
import { Result } from '../request/result.tsx';
import type { Session } from '../session.ts';

/** The request once more, as it was or edited, and both answers side by side. */
export function ReplaySection({
  exchange,
  session,
}: {
  readonly exchange: ExchangeView;
  readonly session: Session;
}) {
  const draft = useSignal<Draft>(draftOf(exchange));
  const result = useSignal<ReplayResult | null>(null);
  const problem = useSignal<string | null>(null);
  const origin = session.feed.status.value?.origin ?? location.origin;
  const send = async () => {
    const edits = editsOf(draft.peek(), origin);
    // An unedited body is taken from the kept exchange.
    const { body, ...rest } = edits;
    const untouched = draft.peek().body === (exchange.request?.body?.text ?? '');
    const told = await ask<ReplayResult>(`/exchanges/${encodeURIComponent(exchange.id)}/replay`, {
      body: untouched ? rest : { ...rest, body: body ?? '' },
    });
    result.value = told.ok ? told.value : null;
    problem.value = told.ok ? null : told.problem;
  };
  return (
    <Section title="Send it again" aside={null}>
      <RequestForm draft={draft} send={send} main={false} locked={session.feed.locked} />
      {problem.value !== null && (
        <p class="trouble down" role="alert">
          {problem.value}
        </p>
      )}
      {result.value !== null && <Result result={result.value} />}
    </Section>
  );
}

function draftOf({ method, target, request }: ExchangeView): Draft {
  const fields = (request?.fields ?? []).map(([name, value]) => `${name}: ${value}`).join('\n');
  return { method, url: target, fields, body: request?.body?.text ?? '' };
}
