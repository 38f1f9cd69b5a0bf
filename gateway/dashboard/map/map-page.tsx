import { useSignal } from '@preact/signals';
import type { GatewayStatus, RouteOverview } from '../../model/status.ts';
import { headline } from '../../observe/headline.ts';
import { shownState, streamState } from '../../observe/route-state.ts';
import { Filter } from '../parts/filter.tsx';
import type { Session } from '../session.ts';
import { FirstSteps } from './first-steps.tsx';
import { RouteDetails } from './route-details.tsx';
import { RouteRow } from './route-row.tsx';
import { StreamTable } from './stream-table.tsx';
import { Totals } from './totals.tsx';

/** Routes with path, name, upstream, endpoints and state. */
export function MapPage(session: Session) {
  const { feed, place } = session;
  const filter = useSignal('');
  const status = feed.status.value;
  if (status === null) return <p class="empty">Asking the gateway…</p>;
  const chosen = status.routes.find(({ id }) => id === place.chosen.value) ?? null;
  const shown = status.routes.filter((route) => isMeant(route, filter.value));
  const rows = shown.slice(0, ROWS_MAX);
  return (
    <div class={chosen === null ? 'page' : 'page split'}>
      <div class="list">
        <div class="head">
          <h1>{sentence(status)}</h1>
          <Totals feed={feed} status={status} />
          {status.routes.length > 0 && <Filter text={filter} label="Filter routes" />}
        </div>
        {status.routes.length === 0 ? (
          <FirstSteps file={status.config.file} origin={status.origin} />
        ) : (
          <table class="rows map">
            <caption class="unseen">Routes</caption>
            <thead>
              <tr>
                <th scope="col">Path</th>
                <th scope="col">Leads to</th>
                <th scope="col" class="number">
                  Requests
                </th>
                <th scope="col" class="number">
                  Failed
                </th>
                <th scope="col" class="number">
                  p50
                </th>
                <th scope="col" class="number">
                  p99
                </th>
                <th scope="col">Last hit</th>
                <th scope="col" class="wide">
                  Policies
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((route) => (
                <RouteRow key={route.id} route={route} status={status} rates={feed.rates} place={place} />
              ))}
            </tbody>
          </table>
        )}
        {shown.length === 0 && status.routes.length > 0 && (
          <p class="empty">No route has “{filter.value}” in its path, its name or an endpoint.</p>
        )}
        {shown.length > rows.length && (
          <p class="empty">{shown.length - rows.length} more: the filter finds them.</p>
        )}
        {status.streams.length > 0 && <StreamTable streams={status.streams} />}
      </div>
      {chosen !== null && <RouteDetails route={chosen} status={status} {...session} />}
    </div>
  );
}

/** More than anybody reads, and few enough to be drawn each second. */
const ROWS_MAX = 200;

function isMeant({ id, label, name, endpoints, policies }: RouteOverview, filter: string): boolean {
  const texts = [id, label, name ?? '', ...endpoints.map(({ address }) => address), ...policies];
  return texts.some((text) => text.toLowerCase().includes(filter.trim().toLowerCase()));
}

function sentence({ routes, streams }: GatewayStatus): string {
  return headline({
    routes: routes.map((route) => ({ label: route.label, state: shownState(route) })),
    streams: streams.map((stream) => ({ label: stream.id, state: streamState(stream) })),
  });
}
