import { type DurationSeries, labelsOfKey } from '../../exchange/counters/duration-series.ts';
import type { Traffic } from '../../exchange/counters/traffic.ts';
import type { MetricName } from './catalog.ts';
import type { Labels, ReadingBuilder } from './reading.ts';

/**
 * The counters of one route or stream. Without any traffic there are no series: ten thousand routes must not make a hundred thousand lines.
 */
export function readTraffic(reading: ReadingBuilder, traffic: Traffic): void {
  const { id, durations, active, tunnels, endpoints } = traffic;
  const route = { http_route: id };
  if (durations.size > 0 || active > 0) readExchanges(reading, traffic, route);
  if (traffic.tunnelBytesIn + traffic.tunnelBytesOut + tunnels > 0) readTunnels(reading, traffic, route);
  if (traffic.cacheHits + traffic.cacheMisses > 0) {
    reading.add('portway_cache_requests_total', traffic.cacheHits, { ...route, result: 'hit' });
    reading.add('portway_cache_requests_total', traffic.cacheMisses, { ...route, result: 'miss' });
  }
  for (const [sign, count] of Object.entries(traffic.escapes))
    if (count > 0) reading.add('portway_escapes_total', count, { ...route, sign });
  for (const [result, count] of Object.entries(traffic.mirrored))
    if (count > 0) reading.add('portway_mirror_requests_total', count, { ...route, result });
  if (traffic.compared !== null)
    for (const result of ['same', 'different', 'failed', 'skipped'] as const)
      reading.add('portway_compared_requests_total', traffic.compared[result], { ...route, result });
  for (const [policy, count] of traffic.policyAnswers)
    reading.add('portway_policy_answers_total', count, { ...route, policy });
  for (const [endpoint, { attempts, retries, ejections }] of endpoints) {
    const labels = { ...route, endpoint };
    readDurations(reading, 'http_client_request_duration_seconds', attempts, labels);
    if (retries > 0) reading.add('portway_retries_total', retries, labels);
    if (ejections > 0) reading.add('portway_ejections_total', ejections, labels);
  }
  if (traffic.isStream) readStream(reading, traffic, route);
}

function readExchanges(reading: ReadingBuilder, traffic: Traffic, route: Labels): void {
  readDurations(reading, 'http_server_request_duration_seconds', traffic.durations, route);
  reading.add('http_server_active_requests', traffic.active, route);
  reading.add('http_server_request_body_bytes_total', traffic.bytesIn, route);
  reading.add('http_server_response_body_bytes_total', traffic.bytesOut, route);
}

function readTunnels(reading: ReadingBuilder, traffic: Traffic, route: Labels): void {
  reading.add('portway_tunnels_open', traffic.tunnels, route);
  reading.add('portway_tunnel_bytes_total', traffic.tunnelBytesIn, { ...route, direction: 'receive' });
  reading.add('portway_tunnel_bytes_total', traffic.tunnelBytesOut, { ...route, direction: 'transmit' });
}

function readStream(reading: ReadingBuilder, { stream }: Traffic, route: Labels): void {
  for (const [error, count] of stream.ended)
    reading.add('portway_stream_connections_total', count, { ...route, ...(error && { error_type: error }) });
  reading.add('portway_stream_bytes_total', stream.bytesIn, { ...route, direction: 'receive' });
  reading.add('portway_stream_bytes_total', stream.bytesOut, { ...route, direction: 'transmit' });
}

function readDurations(
  reading: ReadingBuilder,
  name: MetricName,
  durations: DurationSeries,
  labels: Labels,
): void {
  for (const [key, row] of durations.rows())
    reading.addHistogram(name, row, { ...labels, ...labelsOfKey(key) });
}
