/** Schema of a raw socket in `streams:`. */

import { z } from 'zod';
import { accepted, refused } from '../keys/parse-result.ts';
import { row, section } from '../keys/section.ts';
import { parseHostAndPort } from '../keys/target.ts';
import { count, defaulted, described, duration, flag, form, oneOf, parsedBy, target } from '../keys/value.ts';
import { streamBalance } from './balance-schema.ts';
import { ejection, slowStart, streamHealth } from './health-schema.ts';
import { TO_DOC, targets, to } from './target-schema.ts';

/** UDP has no end of its own, so it is forgotten sooner. */
export const IDLE_MS = { tcp: 3_600_000, udp: 60_000 };

const bounds = section({
  connect: row(duration({ min: '1ms', max: '5m' }), 'Until a connection to an endpoint stands.', {
    as: 'connectTimeoutMs',
    default: '2s',
  }),
  idle: row(
    duration({ min: '1ms', max: '168h' }),
    'Without a byte in either direction, after which a connection or a UDP session is ended.',
    { as: 'idleTimeoutMs', defaultText: '`1h`, for UDP `60s`' },
  ),
  maxConnections: row(count(1, 1_000_000), 'Connections, or UDP sessions, at once.', {
    default: '10000',
    ends: 'refused outside; at the limit a connection is reset, a datagram dropped',
    also: 'maxconn maxconns workerconnections',
  }),
});

export const compileStreamBounds = bounds.compile;

export const proxyProtocol = form('proxyProtocol', 'proxyProtocol', {
  accept: defaulted(
    flag,
    'Whether each connection begins with a PROXY header, version 1 or 2, and is refused without one. Only for ports that nobody but a proxy can reach.',
    { default: 'false' },
  ),
  send: described(
    oneOf('v1', 'v2'),
    'The PROXY header that the service gets first, to know the client.',
    {},
  ).optional(),
});

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
    proxyProtocol: described(proxyProtocol, 'The PROXY protocol, for TCP.', {}).optional(),
  })
  .meta({ id: 'stream', doc: { expected: 'a map with the key "to"', holder: 'a stream' } });

/** UDP has no connection that a PROXY header could begin, or that would show whether a service is there. */
const udpForm = streamForm
  .omit({ proxyProtocol: true, health: true })
  .meta({ id: 'udpStream', doc: { expected: 'a map with the key "to"', holder: 'a UDP stream' } });

const key = parsedBy(z.string(), streamKey, { expected: 'a port, or host:port' });
const anyForm = { doc: { expected: 'a target, a list of targets, or a map with the key "to"' } };

export const streams = form('streams', 'streams', {
  tcp: described(
    z.record(key, z.union([target, targets, streamForm]).meta(anyForm)),
    'Ports whose TCP connections are carried as they are.',
    { expected: 'a map of ports to targets', type: 'map of ports to targets, see [stream](#stream)' },
  ).optional(),
  udp: described(
    z.record(key, z.union([target, targets, udpForm]).meta(anyForm)),
    'Ports whose UDP datagrams are carried, with a session for each client.',
    { expected: 'a map of ports to targets', type: 'map of ports to targets, see [stream](#stream)' },
  ).optional(),
});

/** Where a stream listens: `7000`, `0.0.0.0:7000`, `[::]:7000`. */
function streamKey(key: string) {
  const parsed = parseHostAndPort(key);
  if (!parsed.ok) return refused(parsed.hint, 'a port from 1 to 65535, or host:port');
  return accepted(key);
}

export type CheckedStream = z.output<typeof streamForm>;
