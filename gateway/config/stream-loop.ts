/** Streams that lead back to themselves: one connection would make others until no descriptor is left, one datagram would go round for ever. */

import type { EndpointAddress, StreamConfig } from '../model/config.ts';
import { listPath, targetPath } from './endpoints.ts';
import { knownAddresses, serves } from './listening.ts';
import { reportValue, type SourceDocument } from './source-document.ts';
import type { PlacedStream } from './streams.ts';

export function reportStreamLoops(placed: readonly PlacedStream[], document: SourceDocument): void {
  const streams = placed.map(({ stream }) => stream);
  for (const { stream, path } of placed) {
    for (const [index, { address: endpoint }] of stream.upstream.endpoints.entries()) {
      const next = streamAt(endpoint, stream.protocol, streams);
      if (next === undefined || !leadsTo(next, stream, streams, new Set())) continue;
      reportValue(document, targetPath(document, listPath(document, path), index), {
        expected: 'the address of a service',
        found: `port ${next.listen.port}, where ${next === stream ? 'this stream itself' : `the stream ${next.id}`} listens`,
        hint: next === stream ? 'write the port that the service listens on' : 'it leads back here',
      });
    }
  }
}

function leadsTo(
  from: StreamConfig,
  to: StreamConfig,
  streams: readonly StreamConfig[],
  seen: Set<StreamConfig>,
): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return from.upstream.endpoints.some(({ address: endpoint }) => {
    const next = streamAt(endpoint, from.protocol, streams);
    return next !== undefined && leadsTo(next, to, streams, seen);
  });
}

function streamAt(
  endpoint: EndpointAddress,
  protocol: StreamConfig['protocol'],
  streams: readonly StreamConfig[],
): StreamConfig | undefined {
  if (endpoint.kind !== 'tcp') return undefined;
  const addresses = knownAddresses(endpoint.host, endpoint.addresses);
  return streams.find(
    ({ id, listen, protocol: own }) =>
      own === protocol &&
      listen.port === endpoint.port &&
      addresses.some((address) => serves({ what: id, ...listen }, address)),
  );
}
