import type { ExchangeView } from '../../model/exchanges.ts';
import { formatMs } from '../parts/format.ts';
import { type Span, spansOf } from './spans.ts';

/**
 * The durations of an exchange: a line for each part, with words and figures for screen readers. `Way` names the endpoint of a single
 * attempt.
 */
export function Waterfall({ exchange }: { readonly exchange: ExchangeView }) {
  const total = Math.max(0.1, exchange.totalMs);
  const isOne = exchange.tries.length < 2;
  return (
    <ul class="waterfall">
      {spansOf(exchange).map((span) => (
        <li key={`${span.what}${span.fromMs}`}>
          <span class="what">
            {span.what}
            {span.endpoint !== null && !isOne && <span class="quiet"> {span.endpoint}</span>}
          </span>
          <span class="track" aria-hidden="true">
            <span class={`part ${span.kind}`} style={placeOf(span, total)} />
          </span>
          <span class="number">{formatMs(span.toMs - span.fromMs)}</span>
        </li>
      ))}
    </ul>
  );
}

function placeOf({ fromMs, toMs }: Span, total: number) {
  const left = Math.min(99, (fromMs / total) * 100);
  const width = Math.min(100 - left, Math.max(1, ((toMs - fromMs) / total) * 100));
  return { left: `${left}%`, width: `${width}%` };
}
