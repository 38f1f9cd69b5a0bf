import type { GatewayStatus } from '../../model/status.ts';
import type { Feed } from '../live/feed.ts';
import { Figure } from '../parts/figure.tsx';
import { formatCount, formatQuantile, formatRate, formatShare, NOTHING } from '../parts/format.ts';
import { countedOf } from './counted.ts';

/** The gateway in five numbers. */
export function Totals({ feed, status }: { readonly feed: Feed; readonly status: GatewayStatus }) {
  const ids = [...status.routes.map(({ id }) => id), '(none)'];
  const rates = ids.flatMap((id) => feed.rates.perSecond(id) ?? []);
  const traffic = [...status.routes.map((route) => route.traffic), status.unrouted];
  const counted = countedOf(ids, traffic, feed.rates, status.boundsS);
  const known = feed.rates.perSecond(ids.find((id) => feed.rates.perSecond(id) !== null) ?? '') !== null;
  return (
    <dl class="totals">
      <Figure name="req/s" value={known ? formatRate(rates.reduce((sum, one) => sum + one, 0)) : NOTHING} />
      <Figure
        name="failed"
        value={counted === null ? NOTHING : formatShare(counted.failedShare)}
        bad={(counted?.failedShare ?? 0) > 0}
      />
      <Figure name="p50" value={formatQuantile(counted?.p50 ?? null)} />
      <Figure name="p99" value={formatQuantile(counted?.p99 ?? null)} />
      <Figure name="connections" value={formatCount(status.connections.http)} />
    </dl>
  );
}
