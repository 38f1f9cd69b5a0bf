import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ExchangeFilter } from '../live/exchanges.ts';
import { Choice } from '../parts/choice.tsx';
import { Filter } from '../parts/filter.tsx';
import { formatCount, formatTime } from '../parts/format.ts';
import { Sign } from '../parts/icons.tsx';
import type { Session } from '../session.ts';
import { CaptureSwitch } from './capture-switch.tsx';
import { saveHar } from './har.ts';

const TYPING_MS = 250;

/** Filters and actions for the shown exchanges. */
export function StreamTools({ exchanges, feed }: Session) {
  const text = useSignal(exchanges.filter.peek().text);
  const filter = exchanges.filter.value;
  const change = (changed: Partial<ExchangeFilter>) => {
    exchanges.filter.value = { ...exchanges.filter.peek(), ...changed };
  };
  const typed = text.value;
  useEffect(() => {
    if (typed === exchanges.filter.peek().text) return;
    const timer = setTimeout(() => change({ text: typed }), TYPING_MS);
    return () => clearTimeout(timer);
    // Not with each exchange that comes: then it would never be time.
  }, [typed]);
  const routes = feed.status.value?.routes.map(({ id }) => id) ?? [];
  const missed = exchanges.missed.value;
  const isFiltered = Object.values(filter).some((value) => value !== '');
  const paused = exchanges.paused.value;
  const chosen = exchanges.chosen.ids.value;
  const save = async () => {
    const ids = chosen.size > 0 ? [...chosen] : exchanges.list.peek().map(({ id }) => id);
    const lost = await saveHar(ids, feed.status.peek()?.origin ?? '');
    exchanges.problem.value =
      lost === 0 ? null : `${lost} of ${ids.length} are kept no more, and not in the file.`;
  };
  return (
    <div class="head tools">
      <h1>Stream</h1>
      <Filter text={text} label="URL, fields, bodies ..." />
      <Choice
        label="Status"
        value={filter.status}
        options={STATUSES}
        choose={(status) => change({ status })}
      />
      <Choice
        label="Route"
        value={filter.route}
        options={[['', 'all routes'], ...routes.map((id) => [id, id] as const)]}
        choose={(route) => change({ route })}
      />
      <Choice
        label="Time"
        value={filter.since}
        options={timesOf(filter.since)}
        choose={(since) => change({ since })}
      />
      <span class="push" />
      {missed > 0 && (
        <span class="quiet">
          {formatCount(missed)} {isFiltered ? 'not looked at' : 'more not shown'}: too many a second
        </span>
      )}
      {feed.locked === undefined && (
        <CaptureSwitch feed={feed} problem={exchanges.problem} route={filter.route} />
      )}
      <button
        type="button"
        data-hold
        aria-pressed={paused}
        title={paused ? 'Show what is new (p)' : 'Hold (p)'}
        onClick={() => exchanges.pause(!paused)}
      >
        {paused
          ? `Go on${exchanges.waiting.value > 0 ? ` (${formatCount(exchanges.waiting.value)})` : ''}`
          : 'Pause'}
      </button>
      <button
        type="button"
        disabled={exchanges.list.value.length === 0}
        title={`What is ${chosen.size > 0 ? 'chosen' : 'shown'}, as a file that other tools read`}
        onClick={() => void save()}
      >
        {chosen.size > 0 ? `HAR of ${chosen.size}` : 'HAR'}
      </button>
      {/* In one place, and as narrow: nothing moves below the mouse of somebody who chooses. */}
      {chosen.size > 0 ? (
        <button
          type="button"
          class="none"
          data-let-go
          title="Choose none (Esc)"
          aria-label="Choose none"
          onClick={() => exchanges.chosen.clear()}
        >
          <Sign name="close" />
        </button>
      ) : (
        <button type="button" onClick={() => exchanges.clear()}>
          Clear
        </button>
      )}
    </div>
  );
}

const STATUSES = [
  ['', 'all statuses'],
  ['failed', 'failed'],
  ['2xx', '2xx'],
  ['3xx', '3xx'],
  ['4xx', '4xx'],
  ['5xx', '5xx'],
] as const;

/** With the one that somebody has drawn over on another page. */
function timesOf(since: string): ReadonlyArray<readonly [string, string]> {
  const isDrawn = /^\d+$/.test(since);
  return isDrawn ? [...TIMES, [since, `since ${formatTime(Number(since))}`]] : TIMES;
}

const TIMES = [
  ['', 'any time'],
  ['30s', 'last 30 s'],
  ['5m', 'last 5 min'],
  ['1h', 'last hour'],
] as const;
