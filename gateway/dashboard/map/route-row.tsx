import type { EndpointStatus, GatewayStatus, RouteOverview } from '../../model/status.ts';
import { shownState, stateWords } from '../../observe/route-state.ts';
import type { Place } from '../live/place.ts';
import type { Rates } from '../live/rates.ts';
import { formatAgo, formatQuantile, formatRate, formatShare, NOTHING } from '../parts/format.ts';
import { StateShape } from '../parts/icons.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { countedOf } from './counted.ts';

interface RowParts {
  readonly route: RouteOverview;
  readonly status: GatewayStatus;
  readonly rates: Rates;
  readonly place: Place;
}

export function RouteRow({ route, status, rates, place }: RowParts) {
  const { id, name, traffic, policies } = route;
  const isOpen = place.chosen.value === id;
  const state = shownState(route);
  const counted = countedOf([id], [traffic], rates, status.boundsS);
  const perSecond = rates.perSecond(id);
  const cells = encodeURIComponent(id);
  return (
    <tr class={isOpen ? 'open' : undefined} onClick={() => place.choose(isOpen ? null : id)}>
      <th scope="row">
        <StateShape state={state} />
        <button
          type="button"
          class="path"
          data-row={id}
          aria-expanded={isOpen}
          aria-describedby={`${cells}-state ${cells}-leads`}
          title={stateWords[state]}
        >
          {route.label}
        </button>
        <span class="unseen" id={`${cells}-state`}>
          {stateWords[state]}
        </span>
        {name && <span class="name">{name}</span>}
      </th>
      <td class="leads" id={`${cells}-leads`}>
        <Endpoints endpoints={route.endpoints} />
        <Trouble route={route} />
      </td>
      <td class="number rate">
        <div>
          {traffic !== null && <Sparkline line={rates.line(id)} label="requests of the last minute" />}
          <span class={perSecond ? undefined : 'quiet'}>
            {traffic === null ? NOTHING : `${formatRate(perSecond)}/s`}
          </span>
        </div>
      </td>
      <td
        class={`number ${counted !== null && counted.failedShare > 0 ? 'bad' : 'quiet'}`}
        data-label="failed"
      >
        {counted === null ? NOTHING : formatShare(counted.failedShare)}
      </td>
      <td class={`number ${counted?.recent ? '' : 'quiet'}`} data-label="p50">
        {formatQuantile(counted?.p50 ?? null)}
      </td>
      <td class={`number ${counted?.recent ? '' : 'quiet'}`} data-label="p99">
        {formatQuantile(counted?.p99 ?? null)}
      </td>
      <td class="ago quiet">{formatAgo(traffic?.lastAt ?? null, status.at)}</td>
      <td class="wide">
        <div class="chips">
          {route.lane.lane === 'general' && <span class="chip">general lane</span>}
          {policies.map((policy) => (
            <span key={policy} class="chip">
              {policy}
            </span>
          ))}
        </div>
      </td>
    </tr>
  );
}

/** So many are named; the others are counted. */
const NAMED = 2;

function Endpoints({ endpoints }: { readonly endpoints: readonly EndpointStatus[] }) {
  const several = endpoints.length > 1;
  const hidden = endpoints.length - NAMED;
  return (
    <span class="endpoints">
      {endpoints.slice(0, NAMED).map((endpoint) => (
        <span key={endpoint.address} class="endpoint">
          {several && <StateShape state={endpoint.state} />}
          {several && <span class="unseen">{stateWords[endpoint.state]}</span>}
          {endpoint.address}{' '}
        </span>
      ))}
      {hidden > 0 && <span class="quiet">and {hidden} more</span>}
    </span>
  );
}

function Trouble({ route }: { readonly route: RouteOverview }) {
  const text = trouble(route);
  return text === null ? null : <span class={`trouble ${shownState(route)}`}>{text}</span>;
}

/** The problem of a route in one sentence; `null`: none. A problem that stops all requests comes first. */
function trouble({ breaker, service, endpoints, problems = [] }: RouteOverview): string | null {
  if (breaker?.state === 'open' || breaker?.state === 'half-open')
    return `breaker ${breaker.state}: ${breaker.reason}`;
  if (service?.obstacle !== undefined) return service.obstacle;
  if (service !== null && service.state !== 'ready') return processText(service);
  return endpoints.find(({ state }) => state === 'down')?.reason ?? problems[0] ?? null;
}

function processText({ name, state, lastExit }: NonNullable<RouteOverview['service']>): string {
  if (lastExit === null) return `${name} is ${state}`;
  const how = lastExit.signal === null ? `exit code ${lastExit.code}` : lastExit.signal;
  return `${name} is ${state} after ${how}`;
}
