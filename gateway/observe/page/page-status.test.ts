import { describe, expect, it } from 'vitest';
import type { EndpointStatus, RouteStatus, StreamStatus } from '../../model/status.ts';
import { endpointStatus, routeStatus, serviceStatus, streamStatus } from '../../proof/testing/status.ts';
import { headline, title } from '../headline.ts';
import { routeState } from '../route-state.ts';
import { pageStatus } from './page-status.ts';

type State = EndpointStatus['state'];

function route(path: string, states: readonly State[], changes: Partial<RouteStatus> = {}): RouteStatus {
  const endpoints = states.map((state, i) => ({ address: `10.0.0.${i}:3001`, state, reason: null }));
  return routeStatus(path, { endpoints, ...changes });
}

const config = { file: '/srv/gateway.config.yaml', loadedAt: 0, reloads: 0, rejected: null };

function status(...routes: RouteStatus[]) {
  return pageStatus({ routes, streams: [], config, mode: 'development' });
}

function stream(id: string, state: State, problem: string | null = null): StreamStatus {
  return streamStatus(id, { endpoints: [endpointStatus('10.0.0.1:7001', state)], problem });
}

describe('the state of a route', () => {
  it.each<{ states: State[]; state: string }>([
    { states: ['up'], state: 'up' },
    { states: ['up', 'unknown'], state: 'up' },
    { states: ['up', 'down'], state: 'partly' },
    { states: ['down'], state: 'down' },
    { states: ['down', 'down'], state: 'down' },
    { states: ['down', 'unknown'], state: 'unknown' },
    { states: ['unknown'], state: 'unknown' },
    { states: [], state: 'unknown' },
  ])('is $state with endpoints that are $states', ({ states, state }) => {
    expect(routeState(states.map((each) => ({ address: 'x', state: each, reason: null })))).toBe(state);
  });
});

describe('the headline', () => {
  it.each<{ routes: RouteStatus[]; says: string; tab: string }>([
    { routes: [], says: 'No routes yet.', tab: 'Portway' },
    { routes: [route('/a', ['up'])], says: 'The route is up.', tab: 'Portway' },
    { routes: [route('/a', ['up']), route('/b', ['up'])], says: 'All 2 routes are up.', tab: 'Portway' },
    { routes: [route('/a', ['down'])], says: 'The route is down.', tab: '1 down · Portway' },
    { routes: [route('/a', ['up']), route('/b', ['down'])], says: '/b is down.', tab: '1 down · Portway' },
    {
      routes: [route('/a', ['down']), route('/b', ['down']), route('/c', ['up'])],
      says: '/a and /b are down.',
      tab: '2 down · Portway',
    },
    {
      routes: [route('/a', ['down']), route('/b', ['down']), route('/c', ['down']), route('/d', ['up'])],
      says: '3 of 4 routes are down.',
      tab: '3 down · Portway',
    },
    {
      routes: [route('/a', ['down']), route('/b', ['down'])],
      says: 'All 2 routes are down.',
      tab: '2 down · Portway',
    },
    {
      routes: [route('/a', ['up']), route('/b', ['up', 'down'])],
      says: '/b is only partly up.',
      tab: 'Portway',
    },
    { routes: [route('/a', ['unknown'])], says: 'One route.', tab: 'Portway' },
  ])('says "$says"', ({ routes, says, tab }) => {
    expect(headline(status(...routes))).toBe(says);
    expect(title(status(...routes))).toBe(tab);
  });

  it.each<{ routes: RouteStatus[]; streams: StreamStatus[]; says: string; tab: string }>([
    {
      routes: [route('/a', ['up'])],
      streams: [stream('udp 7000', 'unknown')],
      says: '1 of 2 routes and streams is up; of udp 7000 it is not known.',
      tab: 'Portway',
    },
    {
      routes: [route('/a', ['up'])],
      streams: [stream('tcp 7000', 'up'), stream('udp 7000', 'unknown')],
      says: '2 of 3 routes and streams are up; of udp 7000 it is not known.',
      tab: 'Portway',
    },
    {
      routes: [route('/a', ['up'])],
      streams: [stream('tcp 7000', 'down')],
      says: 'tcp 7000 is down.',
      tab: '1 down · Portway',
    },
    {
      routes: [route('/a', ['down'])],
      streams: [stream('udp 7000', 'unknown', 'the port is taken')],
      says: 'All 2 routes and streams are down.',
      tab: '2 down · Portway',
    },
    { routes: [], streams: [stream('tcp 7000', 'up')], says: 'tcp 7000 is up.', tab: 'Portway' },
  ])('says "$says" of raw ports, too', ({ routes, streams, says, tab }) => {
    const shown = pageStatus({ routes, streams, config, mode: 'development' });
    expect([headline(shown), title(shown)]).toEqual([says, tab]);
  });

  const started = serviceStatus({ state: 'starting', awaited: true });
  const lastExit = { code: 1, signal: null, at: 0 };
  const crashed = serviceStatus({ state: 'restarting', awaited: true, restarts: 1, lastExit });
  const open = { state: 'open', reason: 'all fail' } as const;

  it.each<{ routes: RouteStatus[]; says: string; tab: string; states: string[] }>([
    {
      routes: [route('/a', ['down'], { service: started })],
      says: 'The route is starting.',
      tab: '1 starting · Portway',
      states: ['starting'],
    },
    {
      routes: [route('/a', ['down'], { service: started }), route('/b', ['up', 'down'])],
      says: '/a is starting.',
      tab: '1 starting · Portway',
      states: ['starting', 'partly'],
    },
    {
      routes: [route('/a', ['down'], { service: started }), route('/b', ['down'], { service: crashed })],
      says: '/b is down.',
      tab: '1 down · Portway',
      states: ['starting', 'down'],
    },
    {
      routes: [
        route('/a', ['down'], { service: { ...started, awaited: false, obstacle: '3001 is taken' } }),
        route('/b', ['down'], { service: started, breaker: open }),
        route('/c', ['up'], { service: started }),
      ],
      says: '/a and /b are down.',
      tab: '2 down · Portway',
      states: ['down', 'down', 'up'],
    },
  ])('says "$says" of services that are on their way, or are not', ({ routes, says, tab, states }) => {
    const shown = status(...routes);
    expect(shown.routes.map(({ state }) => state)).toEqual(states);
    expect([headline(shown), title(shown)]).toEqual([says, tab]);
  });

  it('says that a raw port is starting, too, but not where the port itself is not open', () => {
    const streams = [
      { ...stream('tcp 7000', 'down'), service: started },
      { ...stream('tcp 7001', 'down', 'the port is taken'), service: started },
    ];
    const shown = pageStatus({ routes: [], streams, config, mode: 'development' });
    expect(shown.streams.map(({ state }) => state)).toEqual(['starting', 'down']);
  });

  it('gives way in the tab to a configuration that was refused', () => {
    const refused = pageStatus({
      routes: [],
      streams: [],
      config: { ...config, rejected: 'no' },
      mode: 'development',
    });
    expect(title(refused)).toBe('Configuration refused · Portway');
  });
});

describe('the version of the status', () => {
  const service = serviceStatus({ lastOutput: ['one'] });

  it('stays while nothing changes, the output of a running process included', () => {
    const before = status(route('/a', ['up'], { service }));
    const after = status(route('/a', ['up'], { service: { ...service, lastOutput: ['one', 'two'] } }));
    expect(after.version).toBe(before.version);
  });

  it.each<{ what: string; after: RouteStatus }>([
    { what: 'a state', after: route('/a', ['down'], { service }) },
    { what: 'a restart', after: route('/a', ['up'], { service: { ...service, restarts: 1 } }) },
    { what: 'a line', after: route('/a', ['up'], { service, line: 8 }) },
  ])('changes with $what', ({ after }) => {
    expect(status(after).version).not.toBe(status(route('/a', ['up'], { service })).version);
  });
});

describe('in production', () => {
  it('the status is paths and whether they are up, and nothing else', () => {
    const { version, ...shown } = pageStatus({
      routes: [
        route('/a', ['up', 'down']),
        route('/b', ['down'], { label: 'other name' }),
        route('/c', ['up'], { host: 'tenant.example', label: 'tenant.example/c' }),
      ],
      streams: [stream('tcp 7000', 'up')],
      config: { ...config, rejected: 'line 7: no' },
      mode: 'production',
    });
    expect(version).toMatch(/^[\w-]{16}$/);
    expect(shown).toEqual({
      mode: 'production',
      routes: [
        { label: '/a', host: null, path: '/a', name: null, state: 'up', details: null },
        { label: '/b', host: null, path: '/b', name: null, state: 'down', details: null },
      ],
      streams: [],
      config: null,
    });
  });
});
