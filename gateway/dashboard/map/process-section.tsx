import { useSignal } from '@preact/signals';
import type { ServiceStatus } from '../../model/status.ts';
import { ask } from '../live/ask.ts';
import type { Feed } from '../live/feed.ts';
import { Sign } from '../parts/icons.tsx';
import { Section } from '../parts/section.tsx';
import { TextBlock } from '../parts/text-block.tsx';
import { readable } from './log-line.ts';

/** The process that `portway dev` runs behind a route: its state, its last lines, and a button that restarts it. */
export function ProcessSection({ service, feed }: { readonly service: ServiceStatus; readonly feed: Feed }) {
  const failed = useSignal<string | null>(null);
  const { name, state, pid, restarts, lastExit, obstacle, lastOutput } = service;
  const restart = async () => {
    const told = await ask(`/services/${encodeURIComponent(name)}/restart`, { method: 'POST' });
    failed.value = told.ok ? null : told.problem;
    await feed.refresh();
  };
  return (
    <Section title={`Process ${name}`} aside={null}>
      <dl class="facts">
        <dt>state</dt>
        <dd>
          {state}
          {pid !== null && <span class="quiet">, pid {pid}</span>}
        </dd>
        <dt>restarts</dt>
        <dd>{restarts}</dd>
        {lastExit !== null && (
          <>
            <dt>ended</dt>
            <dd>{lastExit.signal === null ? `with exit code ${lastExit.code}` : `by ${lastExit.signal}`}</dd>
          </>
        )}
      </dl>
      {obstacle !== undefined && <p class="trouble down">{obstacle}</p>}
      <button
        type="button"
        disabled={feed.locked !== undefined}
        title={feed.locked}
        onClick={() => void restart()}
      >
        <Sign name="restart" />
        Restart
      </button>
      {failed.value !== null && (
        <p class="trouble down" role="alert">
          {failed.value}
        </p>
      )}
      {lastOutput.length > 0 && (
        <TextBlock text={lastOutput.map(readable).join('\n')} label={`last lines of ${name}`} kind="output" />
      )}
    </Section>
  );
}
