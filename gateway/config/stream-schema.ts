/** Schema of a raw socket in `streams:`. */

import { z } from 'zod';
import { accepted, refused } from '../keys/parse-result.ts';
import { row, section } from '../keys/section.ts';
import { parseHostAndPort } from '../keys/target.ts';
import { count, defaulted, described, duration, flag, parsedBy, target } from '../keys/value.ts';
import { streamBalance } from './balance-schema.ts';
import { ejection, slowStart, streamHealth } from './health-schema.ts';
import { TO_DOC, targets, to } from './target-schema.ts';

/** UDP has no end of its own, so it is forgotten sooner. */
export const IDLE_MS = { tcp: 3_600_000, udp: 60_000 };

const bounds = section({
  connect: row(
    duration({ min: '1ms', max: '5m' }),
    'connectTimeoutMs',
    'Until a connection to an endpoint stands.',
    { default: '2s' },
  ),
  idle: row(
    duration({ min: '1ms', max: '168h' }),
    'idleTimeoutMs',
    'Without a byte in either direction, after which a connection or a UDP session is ended.',
    { defaultText: '`1h`, for UDP `60s`' },
  ),
  maxConnections: row(count(1, 1_000_000), 'maxConnections', 'Connections, or UDP sessions, at once.', {
    default: '10000',
    ends: 'refused outside; at the limit a connection is reset, a datagram dropped',
    also: ['maxconn', 'maxconns', 'workerconnections'],
  }),
});

export const compileStreamBounds = bounds.compile;

export const proxyProtocol = z
  .strictObject({
    accept: defaulted(
      flag,
      'Whether each connection begins with a PROXY header, version 1 or 2, and is refused without one. Only for ports that nobody but a proxy can reach.',
      { default: 'false' },
    ),
    send: described(
      z.enum(['v1', 'v2']),
      'The PROXY header that the service gets first, to know the client.',
      {
        defaultText: 'none',
        type: '`v1`, `v2`',
        expected: 'v1 or v2',
      },
    ).optional(),
  })
  .meta({ id: 'proxyProtocol', doc: { expected: 'a map with accept, send', holder: 'proxyProtocol' } });

export const streamForm = z
  .strictObject({
    to: described(to, 'Where the bytes go. The endpoints of a list share the connections.', TO_DOC),
    balance: streamBalance.optional(),
    health: streamHealth.optional(),
    ejection: described(ejection, 'When an endpoint is left out for what it does.', {
      defaultText: 'as at the top level',
    }).optional(),
    slowStart: slowStart.optional(),
    ...bounds.shape,
    proxyProtocol: described(proxyProtocol, 'The PROXY protocol, for TCP.', {
      type: 'map, see [proxyProtocol](#proxyprotocol)',
      defaultText: 'none',
    }).optional(),
  })
  .meta({ id: 'stream', doc: { expected: 'a map with the key "to"', holder: 'a stream' } });

/** UDP has no connection that a PROXY header could begin, or that would show whether a service is there. */
const udpForm = streamForm
  .omit({ proxyProtocol: true, health: true })
  .meta({ id: 'udpStream', doc: { expected: 'a map with the key "to"', holder: 'a UDP stream' } });

const key = parsedBy(z.string(), streamKey).meta({ doc: { expected: 'a port, or host:port' } });
const anyForm = { doc: { expected: 'a target, a list of targets, or a map with the key "to"' } };

export const streams = z
  .strictObject({
    tcp: described(
      z.record(key, z.union([target, targets, streamForm]).meta(anyForm)),
      'Ports whose TCP connections are carried as they are.',
      {
        expected: 'a map of ports to targets',
        type: 'map of ports to targets, see [stream](#stream)',
        defaultText: 'none',
      },
    ).optional(),
    udp: described(
      z.record(key, z.union([target, targets, udpForm]).meta(anyForm)),
      'Ports whose UDP datagrams are carried, with a session for each client.',
      {
        expected: 'a map of ports to targets',
        type: 'map of ports to targets, see [stream](#stream)',
        defaultText: 'none',
      },
    ).optional(),
  })
  .meta({ id: 'streams', doc: { expected: 'a map with tcp, udp', holder: 'streams' } });

/** Where a stream listens: `7000`, `0.0.0.0:7000`, `[::]:7000`. */
function streamKey(key: string) {
  const parsed = parseHostAndPort(key);
  if (!parsed.ok) return refused(parsed.hint, 'a port from 1 to 65535, or host:port');
  return accepted(key);
}

export type CheckedStream = z.output<typeof streamForm>;
