import { describe, expect, it } from 'vitest';
import type { EndpointStatus, RouteStatus, StreamStatus } from '../model/status.ts';
import { figureOf } from './figures.ts';

const up: EndpointStatus = { address: 'a:1', state: 'up', reason: null };
const down: EndpointStatus = { address: 'a:1', state: 'down', reason: 'GET /healthz 503' };

function route(endpoints: readonly EndpointStatus[], more: Partial<RouteStatus> = {}): RouteStatus {
  return { id: '/a', label: '/a', host: null, path: '/a', line: 2, endpoints, service: null, ...more };
}

function stream(id: string, line: number, connections: number, problem: string | null = null): StreamStatus {
  const [protocol, port] = id.split(' ') as ['tcp' | 'udp', string];
  const listen = { host: '127.0.0.1', port: Number(port) };
  return { id, protocol, listen, line, problem, connections, refused: 1, endpoints: [up], service: null };
}

describe('routes as several workers see them', () => {
  it.each([
    { seen: [up, up], told: up },
    { seen: [down, down], told: down },
    { seen: [up, down, up], told: { ...down, reason: 'GET /healthz 503 (so 1 of 3 workers)' } },
  ])('tell of an endpoint the worst: $told.state, $told.reason', ({ seen, told }) => {
    expect(
      figureOf(
        'routes',
        seen.map((one) => [route([one])]),
      ),
    ).toEqual([route([told])]);
  });

  it('tell of a breaker the worst', () => {
    const open = { state: 'open', reason: '12 of 20 requests failed' } as const;
    const closed = { state: 'closed', reason: null } as const;
    const lists = [[route([up], { breaker: closed })], [route([up], { breaker: open })]];
    expect(figureOf('routes', lists)).toEqual([route([up], { breaker: open })]);
    expect(figureOf('routes', [[route([up], { breaker: closed })]])[0]?.breaker).toEqual(closed);
  });

  it('are none where no worker says anything', () => {
    expect(figureOf('routes', [])).toEqual([]);
  });
});

describe('streams', () => {
  it('have the connections of all workers, in the order of the file, those of one worker among them', () => {
    const lists = [
      [stream('tcp 7000', 5, 2)],
      [stream('udp 7000', 4, 3), stream('tcp 7000', 5, 4, 'the port is taken')],
    ];
    expect(figureOf('streams', lists)).toMatchObject([
      { id: 'udp 7000', connections: 3, refused: 1, problem: null },
      { id: 'tcp 7000', connections: 6, refused: 2, problem: 'the port is taken' },
    ]);
  });
});

describe('caches', () => {
  it('are summed', () => {
    const cache = { route: '/a', entries: 1, bytes: 10, hits: 2, misses: 3 };
    expect(figureOf('caches', [[cache], [cache]])).toEqual([
      { route: '/a', entries: 2, bytes: 20, hits: 4, misses: 6 },
    ]);
    const lists = [
      [{ ...cache, notKept: { private: 1 } }],
      [{ ...cache, notKept: { private: 2, vary: 1 } }],
      [cache],
    ];
    expect(figureOf('caches', lists)).toMatchObject([{ notKept: { private: 3, vary: 1 } }]);
  });
});
