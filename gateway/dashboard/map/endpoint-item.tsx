import { useSignal } from '@preact/signals';
import type { EndpointStatus } from '../../model/status.ts';
import { stateWords } from '../../observe/route-state.ts';
import { ask } from '../live/ask.ts';
import type { Feed } from '../live/feed.ts';
import { formatCount } from '../parts/format.ts';
import { StateShape } from '../parts/icons.tsx';

/** An endpoint with its reason, and a button by which it gets no new exchanges, or gets them again. */
export function EndpointItem({ endpoint, feed }: { readonly endpoint: EndpointStatus; readonly feed: Feed }) {
  const failed = useSignal<string | null>(null);
  const { address, state, reason, role, weight, drained } = endpoint;
  const also = [
    role !== undefined && role !== 'primary' && role,
    weight !== undefined && weight > 1 && `×${weight}`,
    drained !== undefined && drained > 0 && `${formatCount(drained)} under way`,
  ].filter(Boolean);
  const change = async () => {
    const to = drained === undefined ? 'drain' : 'admit';
    const told = await ask(`/endpoints/${to}?address=${encodeURIComponent(address)}`, { method: 'POST' });
    failed.value = told.ok ? null : told.problem;
    await feed.refresh();
  };
  return (
    <li>
      <StateShape state={state} />
      <span class="mono">{address}</span> <span class={`state ${state}`}>{stateWords[state]}</span>
      {also.length > 0 && <span class="quiet"> {also.join(', ')}</span>}
      {role !== undefined && role !== 'fallback' && (
        <button
          type="button"
          class="small aside"
          disabled={feed.locked !== undefined}
          title={feed.locked}
          onClick={() => void change()}
          aria-label={`${drained === undefined ? 'Drain' : 'Admit'} ${address}`}
        >
          {drained === undefined ? 'Drain' : 'Admit'}
        </button>
      )}
      {reason !== null && <span class={`trouble ${state}`}>{reason}</span>}
      {failed.value !== null && (
        <span class="trouble down" role="alert">
          {failed.value}
        </span>
      )}
    </li>
  );
}
