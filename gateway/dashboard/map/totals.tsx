import type { GatewayStatus } from '../../model/status.ts';
import type { Feed } from '../live/feed.ts';
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
      <Total name="req/s" value={known ? formatRate(rates.reduce((sum, one) => sum + one, 0)) : NOTHING} />
      <Total
        name="failed"
        value={counted === null ? NOTHING : formatShare(counted.failedShare)}
        bad={(counted?.failedShare ?? 0) > 0}
      />
      <Total name="p50" value={formatQuantile(counted?.p50 ?? null)} />
      <Total name="p99" value={formatQuantile(counted?.p99 ?? null)} />
      <Total name="connections" value={formatCount(status.connections.http)} />
    </dl>
  );
}

function Total({
  name,
  value,
  bad = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly bad?: boolean;
}) {
  return (
    <div class={bad ? 'bad' : undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
