import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ReplayResult } from '../../model/exchanges.ts';
import { ask } from '../live/ask.ts';
import { Section } from '../parts/section.tsx';
import { TextBlock } from '../parts/text-block.tsx';
import { editsOf } from '../request/draft.ts';
import { RequestForm } from '../request/request-form.tsx';
import { Result } from '../request/result.tsx';
import type { Session } from '../session.ts';

const TYPING_MS = 200;

/** A hypothetical request: where it would go and why, and its answer when sent. */
export function TryPage({ feed, draft }: Session) {
  const why = useSignal('');
  const result = useSignal<ReplayResult | null>(null);
  const problem = useSignal<string | null>(null);
  const origin = feed.status.value?.origin ?? null;
  const loadedAt = feed.status.value?.config.loadedAt;
  const now = draft.value;
  useEffect(() => {
    if (origin === null) return;
    const ended = new AbortController();
    const timer = setTimeout(async () => {
      const { confirm: _, body: __, ...asked } = editsOf(now, origin);
      const told = await ask<string>('/explain', { body: asked, accept: 'text/plain', signal: ended.signal });
      if (ended.signal.aborted) return;
      why.value = told.ok ? told.value : told.problem;
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [now, origin, loadedAt]);
  if (origin === null) return <p class="empty">Asking the gateway…</p>;
  const send = async () => {
    const told = await ask<ReplayResult>('/send', { body: editsOf(draft.peek(), origin) });
    result.value = told.ok ? told.value : null;
    problem.value = told.ok ? null : told.problem;
  };
  return (
    <div class="page halves">
      <div class="half">
        <h1>Try it</h1>
        <RequestForm draft={draft} send={send} main={true} locked={feed.locked} />
        {problem.value !== null && (
          <p class="trouble down" role="alert">
            {problem.value}
          </p>
        )}
        {result.value !== null && <Result result={result.value} />}
      </div>
      <div class="half">
        <Section title="Where it goes, and why" aside="as portway explain says it">
          <TextBlock text={why.value.trim()} label="Explanation" kind="explanation" />
        </Section>
      </div>
    </div>
  );
}
