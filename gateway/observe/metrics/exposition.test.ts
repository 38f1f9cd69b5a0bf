import { expect, test } from 'vitest';
import { TimeSlice } from '../../exchange/time-slice.ts';
import { MetricsText } from '../../proof/testing/metrics-text.ts';
import { exposition } from './exposition.ts';
import type { Reading } from './reading.ts';

async function textOf(readings: readonly Reading[]): Promise<MetricsText> {
  let text = '';
  for await (const piece of exposition(readings, new TimeSlice())) text += piece;
  return new MetricsText(text);
}

const ROW = [1, 2, ...Array<number>(12).fill(0), 4, 0.5];

test('several processes are added up, but where only the worst makes sense', async () => {
  const of = (connections: number, state: number, start: number): Reading => [
    { name: 'http_server_open_connections', series: [{ labels: {}, values: [connections] }] },
    { name: 'portway_breaker_state', series: [{ labels: { http_route: '/db' }, values: [state] }] },
    { name: 'process_start_time_seconds', series: [{ labels: {}, values: [start] }] },
    {
      name: 'http_server_request_duration_seconds',
      series: [{ labels: { http_route: '/db' }, values: ROW }],
    },
  ];
  const metrics = await textOf([of(3, 0, 7), of(4, 2, 5)]);
  expect(metrics.sum('http_server_open_connections')).toBe(7);
  expect(metrics.sum('portway_breaker_state')).toBe(2);
  expect(metrics.sum('process_start_time_seconds')).toBe(5);
  const duration = 'http_server_request_duration_seconds';
  expect(metrics.sum(`${duration}_bucket`, { le: '0.005' })).toBe(2);
  expect(metrics.sum(`${duration}_bucket`, { le: '0.01' })).toBe(6);
  expect(metrics.sum(`${duration}_bucket`, { le: '10' })).toBe(6);
  expect(metrics.sum(`${duration}_count`)).toBe(14);
  expect(metrics.sum(`${duration}_sum`)).toBe(1);
});

test('more routes than are written at once are all there, and no route can break out of its label', async () => {
  const routes = Array.from({ length: 333 }, (_, at) => `/r${at}`).concat('/"a\\n"} 7\n');
  const name = 'http_client_request_duration_seconds';
  const series = routes.map((http_route) => ({ labels: { http_route, lane: 'wire' }, values: ROW }));
  const metrics = await textOf([[{ name, series }]]);
  expect(metrics.samples(`${name}_count`).map(({ labels }) => labels.http_route)).toEqual(routes);
});
