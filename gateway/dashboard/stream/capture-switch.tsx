import type { Signal } from '@preact/signals';
import type { Capture } from '../../model/exchanges.ts';
import { ask } from '../live/ask.ts';
import { Choice } from '../parts/choice.tsx';
import { formatTime } from '../parts/format.ts';

interface SwitchParts {
  readonly capture: Signal<Capture | null>;
  readonly problem: Signal<string | null>;
  /** Empty: of all routes. */
  readonly route: string;
  /** Of the gateway. */
  readonly now: number;
}

/** Has the beginnings of bodies kept for a while, of the route that is shown or of all. */
export function CaptureSwitch({ capture, problem, route, now }: SwitchParts) {
  const { value } = capture;
  const change = async (path: string, method: 'POST' | 'DELETE') => {
    const told = await ask<Capture>(path, { method });
    if (told.ok) capture.value = told.value;
    problem.value = told.ok ? null : told.problem;
  };
  if (value !== null && value.until > now)
    return (
      <button
        type="button"
        aria-pressed="true"
        title={`of ${value.route ?? 'all routes'}; press to keep no more`}
        onClick={() => void change('/capture', 'DELETE')}
      >
        Bodies kept until {formatTime(value.until)}
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
