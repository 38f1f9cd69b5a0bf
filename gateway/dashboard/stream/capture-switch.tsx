import type { Signal } from '@preact/signals';
import { ask } from '../live/ask.ts';
import type { Feed } from '../live/feed.ts';
import { Choice } from '../parts/choice.tsx';
import { formatTime } from '../parts/format.ts';

interface SwitchParts {
  readonly feed: Feed;
  readonly problem: Signal<string | null>;
  /** Empty: of all routes. */
  readonly route: string;
}

/** Has the beginnings of bodies kept for a while, of the route that is shown or of all. */
export function CaptureSwitch({ feed, problem, route }: SwitchParts) {
  const capture = feed.status.value?.capture ?? null;
  const change = async (path: string, method: 'POST' | 'DELETE') => {
    const told = await ask(path, { method });
    problem.value = told.ok ? null : told.problem;
    await feed.refresh();
  };
  if (capture !== null)
    return (
      <button
        type="button"
        class="capture"
        aria-pressed="true"
        title={`of ${capture.route ?? 'all routes'}; press to keep no more`}
        onClick={() => void change('/capture', 'DELETE')}
      >
        Bodies kept until {formatTime(capture.until)}
      </button>
    );
  const only = route === '' ? '' : `&route=${encodeURIComponent(route)}`;
  return (
    <Choice
      label="Keep bodies"
      value=""
      options={TIMES}
      choose={(time) => void change(`/capture?for=${time}${only}`, 'POST')}
    />
  );
}

const TIMES = [
  ['', 'keep bodies'],
  ['1m', 'for 1 min'],
  ['5m', 'for 5 min'],
  ['1h', 'for 1 hour'],
] as const;
