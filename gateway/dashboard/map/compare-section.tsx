import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ComparedAnswers, ComparedList } from '../../model/exchanges.ts';
import { ask } from '../live/ask.ts';
import { Figure } from '../parts/figure.tsx';
import { formatCount, formatTime } from '../parts/format.ts';
import { Section } from '../parts/section.tsx';
import { DifferenceList } from '../request/result.tsx';

const EVERY_MS = 2_000;
const SHOWN = 10;

/** How the answers of the service beside the route's own were, and the newest that differ, field by field. */
export function CompareSection({ id }: { readonly id: string }) {
  const list = useSignal<ComparedList | null>(null);
  const problem = useSignal<string | null>(null);
  useEffect(() => {
    const ended = new AbortController();
    const look = async () => {
      const path = `/compare?route=${encodeURIComponent(id)}&limit=${SHOWN}`;
      const told = document.hidden ? null : await ask<ComparedList>(path, { signal: ended.signal });
      if (ended.signal.aborted) return;
      if (told?.ok) list.value = told.value;
      problem.value = told === null || told.ok ? null : told.problem;
    };
    void look();
    const timer = setInterval(() => void look(), EVERY_MS);
    return () => {
      clearInterval(timer);
      ended.abort();
    };
  }, [id]);
  const counts = list.value?.routes[0];
  return (
    <Section title="Compare" aside="since the start">
      {problem.value !== null && <p class="trouble down">{problem.value}</p>}
      {counts === undefined ? (
        <p class="quiet">No answer was compared yet: GET, HEAD and their like are.</p>
      ) : (
        <dl class="figures">
          <Figure name="same" value={formatCount(counts.same)} />
          <Figure name="different" value={formatCount(counts.different)} bad={counts.different > 0} />
          <Figure name="failed" value={formatCount(counts.failed)} bad={counts.failed > 0} />
        </dl>
      )}
      <ul class="plain-list compared">
        {list.value?.differences.map((one) => (
          <Pair key={`${one.at} ${one.method} ${one.target}`} pair={one} />
        ))}
      </ul>
    </Section>
  );
}

function Pair({ pair: { at, method, target, difference } }: { readonly pair: ComparedAnswers }) {
  return (
    <li>
      <span class="mono">
        {method} {target}
      </span>{' '}
      <span class="quiet">{formatTime(at)}</span>
      <DifferenceList difference={difference} />
    </li>
  );
}
