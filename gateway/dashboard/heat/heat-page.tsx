import { useSignal } from '@preact/signals';
import type { GatewayStatus, RouteOverview } from '../../model/status.ts';
import { hrefOf } from '../../observe/page/tabs.ts';
import { NO_FILTER } from '../live/exchanges.ts';
import { countedOf } from '../map/counted.ts';
import { Figure } from '../parts/figure.tsx';
import { Filter } from '../parts/filter.tsx';
import { formatQuantile, formatRate, formatShare, NOTHING } from '../parts/format.ts';
import type { Session } from '../session.ts';
import { HeatStrip } from './heat-strip.tsx';

const ROUTES_MAX = 30;

/** How long requests took over the last minute, route by route, and how many of them failed. */
export function HeatPage(session: Session) {
  const { feed } = session;
  const filter = useSignal('');
  const status = feed.status.value;
  if (status === null) return <p class="empty">Asking the gateway…</p>;
  const wanted = filter.value.trim().toLowerCase();
  const busy = status.routes
    .filter(({ traffic, label }) => traffic !== null && label.toLowerCase().includes(wanted))
    .sort((a, b) => (feed.rates.span(b.id)?.requests ?? 0) - (feed.rates.span(a.id)?.requests ?? 0));
  return (
    <div class="list">
      <div class="head">
        <h1>Heat</h1>
        <p class="quiet">How long requests took in the last minute. Drag over a time to see its requests.</p>
        <span class="push" />
        <Filter text={filter} label="Filter routes" />
      </div>
      {busy.length === 0 && (
        <p class="empty">
          No route has had a request{wanted === '' ? '' : ' that the filter means'}. Each appears here with
          its first one: <code>curl {status.origin}/…</code>
        </p>
      )}
      <svg class="unseen" aria-hidden="true">
        <pattern id="failed" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path class="hatch" d="M0 2h4" />
        </pattern>
      </svg>
      {busy.length > 0 && (
        <p class="heat-times quiet" aria-hidden="true">
          <span>
            <span>1 min ago</span>
            <span>now</span>
          </span>
        </p>
      )}
      <ul class="heat-list">
        {busy.slice(0, ROUTES_MAX).map((route) => (
          <HeatItem key={route.id} route={route} status={status} session={session} />
        ))}
      </ul>
    </div>
  );
}

interface ItemParts {
  readonly route: RouteOverview;
  readonly status: GatewayStatus;
  readonly session: Session;
}

function HeatItem({ route, status, session }: ItemParts) {
  const { feed, exchanges, place } = session;
  const { id, label, traffic } = route;
  const counted = countedOf([id], [traffic], feed.rates, status.boundsS);
  const show = (since: string) => {
    exchanges.filter.value = { ...NO_FILTER, route: id, since };
    place.go('stream');
  };
  const says =
    counted === null
      ? 'no requests'
      : `p50 ${formatQuantile(counted.p50)}, p99 ${formatQuantile(counted.p99)}, ${formatShare(counted.failedShare)} failed`;
  return (
    <li>
      <div class="about">
        <a
          class="path"
          data-row={id}
          href={hrefOf('stream')}
          onClick={(event) => {
            event.preventDefault();
            show('');
          }}
        >
          {label}
        </a>
        <dl class="small-figures">
          <Figure name="req/s" value={formatRate(feed.rates.perSecond(id))} />
          <Figure name="p50" value={formatQuantile(counted?.p50 ?? null)} />
          <Figure name="p99" value={formatQuantile(counted?.p99 ?? null)} />
          <Figure
            name="failed"
            value={counted === null ? NOTHING : formatShare(counted.failedShare)}
            bad={(counted?.failedShare ?? 0) > 0}
          />
        </dl>
      </div>
      <HeatStrip
        moments={feed.rates.moments(id)}
        boundsS={status.boundsS}
        now={status.at}
        label={`${label}: ${says}`}
        brushed={(from) => show(String(Math.floor(from)))}
      />
    </li>
  );
}
