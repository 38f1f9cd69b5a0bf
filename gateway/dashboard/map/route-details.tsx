import type { BreakerStatus, GatewayStatus, RouteOverview } from '../../model/status.ts';
import { hrefOf } from '../../observe/page/tabs.ts';
import { shownState, stateWords } from '../../observe/route-state.ts';
import { NO_FILTER } from '../live/exchanges.ts';
import { fileName } from '../notices.tsx';
import { Drawer } from '../parts/drawer.tsx';
import { formatAgo, formatCount, formatQuantile, formatShare, NOTHING } from '../parts/format.ts';
import { Sign, StateShape } from '../parts/icons.tsx';
import { MessagesSection } from '../parts/messages-section.tsx';
import { Section } from '../parts/section.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import type { Session } from '../session.ts';
import { CompareSection } from './compare-section.tsx';
import { countedOf } from './counted.ts';
import { EndpointItem } from './endpoint-item.tsx';
import { ProcessSection } from './process-section.tsx';

interface DetailsParts extends Session {
  readonly route: RouteOverview;
  readonly status: GatewayStatus;
}

/** All that is known of one route. */
export function RouteDetails(session: DetailsParts) {
  const { route, status, feed, place } = session;
  const state = shownState(route);
  return (
    <Drawer title={route.label} close={() => place.choose(null)}>
      <p class="under">
        <span class={`state ${state}`}>
          <StateShape state={state} />
          {stateWords[state]}
        </span>
        <span class="quiet">
          {fileName(status.config.file)}, line {route.line}
        </span>
      </p>
      <Links {...session} />
      <TrafficSection {...session} />
      <Section title={route.endpoints.length === 1 ? 'Endpoint' : 'Endpoints'} aside={route.balance ?? null}>
        <ul class="plain-list">
          {route.endpoints.map((endpoint) => (
            <EndpointItem key={endpoint.address} endpoint={endpoint} feed={feed} />
          ))}
          {route.problems?.map((problem) => (
            <li key={problem} class="trouble partly">
              {problem}
            </li>
          ))}
        </ul>
      </Section>
      {route.breaker && <BreakerSection breaker={route.breaker} />}
      <MessagesSection of={`route=${encodeURIComponent(route.id)}`} />
      {route.policies.includes('compare') && <CompareSection key={route.id} id={route.id} />}
      {route.service !== null && <ProcessSection service={route.service} feed={feed} />}
      <Section title="On the way" aside={null}>
        <dl class="facts">
          <dt>lane</dt>
          <dd>
            {route.lane.lane}: {route.lane.why}
          </dd>
          <dt>policies</dt>
          <dd class="chips">
            {route.policies.length === 0 && <span class="quiet">none</span>}
            {route.policies.map((policy) => (
              <span key={policy} class="chip">
                {policy}
              </span>
            ))}
          </dd>
        </dl>
      </Section>
    </Drawer>
  );
}

function Links({ route, status, exchanges, draft }: DetailsParts) {
  const url = urlOf(route, status.origin);
  return (
    <p class="links">
      {url !== null && (
        <a href={url} rel="noreferrer" target="_blank">
          <Sign name="away" />
          Open
        </a>
      )}
      {route.name && (
        <a href={`${originAt(route.name, status.origin)}/`} rel="noreferrer" target="_blank">
          <Sign name="away" />
          {route.name}
        </a>
      )}
      <a
        href={hrefOf('stream')}
        onClick={() => {
          exchanges.filter.value = { ...NO_FILTER, route: route.id };
        }}
      >
        <Sign name="stream" />
        Stream
      </a>
      <a
        href={hrefOf('try')}
        onClick={() => {
          draft.value = { method: 'GET', url: url ?? route.path, fields: '', body: '' };
        }}
      >
        <Sign name="send" />
        Try it
      </a>
    </p>
  );
}

/** `null` for `*.example.com`: which of its hosts is meant is not known. */
function urlOf({ host, path }: RouteOverview, origin: string): string | null {
  if (host === null) return origin + path;
  return host.includes('*') ? null : originAt(host, origin) + path;
}

function originAt(host: string, origin: string): string {
  const { protocol, port } = new URL(origin);
  return `${protocol}//${host}${port === '' ? '' : `:${port}`}`;
}

function TrafficSection({ route, status, feed }: DetailsParts) {
  const { traffic, id } = route;
  if (traffic === null)
    return (
      <Section title="Traffic" aside={null}>
        <p class="quiet">Nothing was asked of it yet.</p>
      </Section>
    );
  const counted = countedOf([id], [traffic], feed.rates, status.boundsS);
  return (
    <Section title="Traffic" aside={counted?.recent ? 'last minute' : 'since the start'}>
      <Sparkline line={feed.rates.line(id)} label="requests of the last minute" />
      <dl class="figures">
        <Figure name="requests" value={formatCount(counted?.requests ?? 0)} />
        <Figure name="failed" value={counted === null ? NOTHING : formatShare(counted.failedShare)} />
        <Figure name="p50" value={formatQuantile(counted?.p50 ?? null)} />
        <Figure name="p99" value={formatQuantile(counted?.p99 ?? null)} />
        <Figure name="under way" value={formatCount(traffic.active)} />
        <Figure name="last hit" value={formatAgo(traffic.lastAt, status.at)} />
      </dl>
    </Section>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function BreakerSection({ breaker }: { readonly breaker: BreakerStatus }) {
  const state = { closed: 'up', 'half-open': 'partly', open: 'down' } as const;
  const means = { closed: 'everything passes', 'half-open': 'a few requests try', open: 'nothing passes' };
  return (
    <Section title="Breaker" aside={null}>
      <p class="under">
        <span class={`state ${state[breaker.state]}`}>
          <StateShape state={state[breaker.state]} />
          {breaker.state}
        </span>
        <span class="quiet">
          {breaker.state === 'closed' || breaker.reason === null ? means[breaker.state] : breaker.reason}
        </span>
      </p>
    </Section>
  );
}
