import { useSignal } from '@preact/signals';
import type { Moment } from '../live/rates.ts';
import { formatMs } from '../parts/format.ts';
import { cellsOf, SECONDS, shownBuckets } from './cells.ts';

interface StripParts {
  readonly moments: readonly Moment[];
  readonly boundsS: readonly number[];
  readonly now: number;
  /** A description for screen readers. */
  readonly label: string;
  /** Somebody has drawn over a time that begins then. */
  readonly brushed: (from: number) => void;
}

const ROW = 6;
const COLUMN = 10;
const COUNTS = 24;

/** Time from left to right, duration from below to above, a cell the darker the more requests; below it how many there were, the failed ones hatched. */
export function HeatStrip({ moments, boundsS, now, label, brushed }: StripParts) {
  const from = useSignal<number | null>(null);
  const shown = shownBuckets(moments, boundsS.length);
  const height = shown * ROW;
  const most = Math.max(1, ...moments.map(({ requests }) => requests));
  const timeAt = (event: PointerEvent) => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    return now - (1 - (event.clientX - left) / width) * SECONDS * 1000;
  };
  const x = (at: number) => (SECONDS - Math.round((now - at) / 1000) - 1) * COLUMN;
  return (
    <figure class="heat">
      <span class="upper quiet">
        {shown > boundsS.length
          ? `>${formatMs(boundsS.at(-1)! * 1000)}`
          : formatMs(boundsS[shown - 1]! * 1000)}
      </span>
      <svg
        viewBox={`0 0 ${SECONDS * COLUMN} ${height + COUNTS + 2}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
        onPointerDown={(event) => {
          // It may end beside it.
          event.currentTarget.setPointerCapture(event.pointerId);
          from.value = timeAt(event);
        }}
        onPointerUp={(event) => {
          if (from.value !== null) brushed(Math.min(from.value, timeAt(event)));
          from.value = null;
        }}
      >
        {cellsOf(moments).map(({ at, bucket, strength }) => (
          <rect
            key={`${at} ${bucket}`}
            class="cell"
            x={x(at)}
            y={height - (bucket + 1) * ROW}
            width={COLUMN - 0.5}
            height={ROW - 0.5}
            fill-opacity={strength}
          />
        ))}
        <path class="ground" d={`M0 ${height + 1}H${SECONDS * COLUMN}`} />
        {moments.map(({ at, requests, failed }) => {
          const tall = (requests / most) * COUNTS;
          const bad = (failed / most) * COUNTS;
          return (
            <g key={at}>
              <rect class="count" x={x(at)} y={height + 2} width={COLUMN - 2} height={tall - bad} />
              <rect
                fill="url(#failed)"
                x={x(at)}
                y={height + 2 + tall - bad}
                width={COLUMN - 2}
                height={bad}
              />
            </g>
          );
        })}
      </svg>
      <span class="lower quiet">0</span>
    </figure>
  );
}
