/**
 * The schema of `gateway.config.yaml`. The checks, the JSON schema for editors and the reference in `docs/` all come from it.
 *
 * Its input is the file's values after `${NAME}` has been expanded; its output has milliseconds and bytes. Checks across values (the same
 * route twice, for example) are in `compile.ts`.
 */

import { z } from 'zod';
import { parseHost } from '../keys/host.ts';
import { docOf } from '../keys/key-doc.ts';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { row, section } from '../keys/section.ts';
import { parseHostAndPort, parseServiceName } from '../keys/target.ts';
import {
  addressBlock,
  allowedHost,
  count,
  defaulted,
  described,
  flag,
  host,
  NAME,
  oneOf,
  oneOrMore,
  onOff,
  parsedBy,
  port,
  switchedOff,
} from '../keys/value.ts';
import { discover } from './discover-schema.ts';
import { inheritedShape } from './inherited.ts';
import { overload } from './protection-schema.ts';
import { parseResolver } from './resolver.ts';
import { routeValue } from './route-schema.ts';
import { serviceValue } from './service-schema.ts';
import { shared } from './shared-schema.ts';
import { streams } from './stream-schema.ts';
import { tests } from './tests-schema.ts';
import { certificatesValue, tls } from './tls-schema.ts';
import { tracesForm } from './traces-schema.ts';

/** Where the gateway listens, which has a key of its own for the port. */
function parseListeningHost(text: string): ParseResult<string> {
  if (text === '*') return refused('every address is "0.0.0.0", or "::" with those of IPv6');
  const port = /^(\[.*\]|[^:]*):(\d+)$/.exec(text);
  return port
    ? refused(`the port has a key of its own: host: ${port[1]}, port: ${port[2]}`)
    : parseHost(text);
}

const listeningHost = parsedBy(z.string(), parseListeningHost).meta({
  pattern: NAME.source,
  doc: docOf(host),
});

const ADMIN_HOST = '127.0.0.1';

const resolver = parsedBy(z.string(), parseResolver, { expected: 'an IP address, with a port or without' });

export const adminForm = z
  .strictObject({
    host: defaulted(listeningHost, 'The address that it listens on.', { default: ADMIN_HOST }),
    port: defaulted(port, 'The port that it listens on.', { default: '3900' }),
    token: described(
      z.string().min(1),
      'Asks for a key of this file, which `portway passwd --key FILE NAME` makes ([admin.md](admin.md#from-other-machines)). Needed where other machines can reach `host`.',
      {
        expected: 'the path of a file of keys',
        type: 'path, from the folder of the configuration',
        also: 'key keys tokens password secret auth users',
      },
    ).optional(),
    tls: described(
      z.union([flag, certificatesValue]),
      'Certificates to speak TLS with; `true`: those of `tls`. Other machines are answered over TLS alone, this one over plain HTTP, too.',
      {
        expected: 'true, dev, a map with cert and key, or a list of such',
        type: '`true`, `dev`, a map, see [certificate](#certificate), or a list of such',
      },
    ).optional(),
    readOnly: described(
      flag,
      'Whether nothing may be changed from there, neither this file nor anything else.',
      { defaultText: '`false`; in production, this file is never written' },
    ).optional(),
  })
  .meta({ doc: { holder: 'admin' } });

const admin = z
  .union([
    switchedOff.transform(() => null),
    port.transform((one) => ({ host: ADMIN_HOST, port: one })),
    parsedBy(z.string(), adminAddress),
    adminForm,
  ])
  .meta({ doc: { expected: 'off, a port, host:port, or a map with host, port, token' } });

const logRows = section({
  level: row(
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
    'The least important lines that are written.',
    { default: 'info' },
  ),
  format: row(oneOf('auto', 'json', 'pretty'), '`auto` is pretty on a terminal and JSON elsewhere.', {
    default: 'auto',
  }),
  access: row(flag, 'One line for each exchange.', { default: 'true' }),
});

export const { compile: compileLog } = logRows;

export const log = z.strictObject(logRows.shape).meta({
  doc: { expected: 'a map with level, format, access', type: 'map, see [log](#log)', holder: 'log' },
});

/** Scalar keys of the gateway as a whole. */
const gatewayRows = section({
  port: row(port, 'The port that clients connect to.', { default: '3000', also: 'listen ports' }),
  host: row(
    listeningHost,
    'The address that clients connect to. `0.0.0.0` is every IPv4 address of the machine, `::` every address.',
    { defaultText: '`PORTWAY_HOST` of the environment, else `127.0.0.1`', also: 'bind address' },
  ),
  trustProxy: row(
    z.union([addressBlock, z.array(addressBlock).transform((lists) => lists.flat())]),
    'Peers whose `X-Forwarded-*`, `Forwarded` and `X-Request-Id` are believed. `loopback` is 127.0.0.0/8 and ::1, `private` the networks of RFC 1918 and RFC 4193.',
    {
      expected: 'an IP address, a CIDR block, loopback or private, or a list of them',
      type: 'IP address, CIDR block, `loopback`, `private`, or a list of them',
      defaultText: 'nobody',
      also: 'trustedproxies trustforwardheader setrealipfrom realip realipheader forwardedheaders',
    },
  ),
  maxConnections: row(count(1, 1_000_000), 'Client connections at once.', {
    default: '10000',
    also: 'maxconn maxconns workerconnections',
    ends: 'refused outside; at the limit a new connection is answered 503',
  }),
  workers: row(
    z.union([z.literal('auto'), count(1, 64)]),
    'Processes that share the port, under one that replaces them; `auto` is one for each core.',
    {
      expected: 'auto, or a number from 1 to 64',
      type: '`auto`, number',
      defaultText: 'none: one process, and nothing over it',
      also: 'workerprocesses processcount cluster instances threads nbproc nbthread',
    },
  ),
  resolver: row(
    oneOrMore(resolver),
    "DNS servers for the names in targets, instead of the system's. They know nothing of `/etc/hosts`.",
    {
      expected: 'an IP address, with a port or without, or a list of them',
      type: 'IP address, `address:port`, or a list of them',
      defaultText: "the system's",
      also: 'nameserver nameservers dns dnsservers resolvers',
    },
  ),
  allowedHosts: row(
    z.union([allowedHost.transform((one) => [one]), z.array(allowedHost)]),
    'The hosts that are served, beside IP addresses, `localhost`, the names below it and the hosts of routes; every other one is answered 421. `*.example.com` is every name below `example.com`.',
    {
      expected: 'a host name, or *.example.com, or a list of them',
      type: 'host name, `*.example.com`, or a list of them',
      defaultText: 'none in development; in production, every host is served until the key is there',
      also: 'servernames hostnames',
    },
  ),
  page: row(
    flag,
    "Whether the gateway's own page stands at `/`, where no route of that path or host does. In production it names no address and no host.",
    { defaultText: '`true` in development, `false` in production', also: 'dashboard statuspage' },
  ),
  hosts: row(
    onOff,
    'Whether each route is also at a name of its own in development: `/vite` at `http://vite.localhost:3000`, whole and without its prefix.',
    { default: 'on' },
  ),
  serverTiming: row(
    flag,
    'Whether answers say in `Server-Timing` how long the gateway and the service took.',
    { defaultText: '`true` in development, `false` in production' },
  ),
  admin: row(
    admin,
    'Where `/healthz`, `/readyz`, `/config` and `/explain` are answered. For this machine alone, unless it asks for a key.',
    { type: '`off`, port, host:port, or a map, see [admin](#admin)', default: '127.0.0.1:3900' },
  ),
});

export const { compile: compileGatewayRows } = gatewayRows;

export const configuration = z
  .strictObject({
    ...gatewayRows.shape,
    overload: described(overload, 'When new requests are refused, so that those under way get done.', {
      default: 'on',
      also: 'loadshedding shedding overloadmanager',
    }).optional(),
    traces: described(
      tracesForm,
      'Where spans of a share of the exchanges are sent ([traces.md](traces.md)).',
      { also: 'tracing otlp opentelemetry telemetry otel jaeger zipkin' },
    ).optional(),
    tls: described(tls, 'How clients are met by TLS.', {
      defaultText: 'plain HTTP only',
      also: 'ssl https',
    }).optional(),
    discover: described(
      discover,
      'Routes that containers ask for by their labels, `portway.path=/shop` ([discover.md](discover.md)), or HTTPRoutes of a cluster ([kubernetes.md](kubernetes.md)). What this file says of a route wins.',
      {
        type: '`docker`, `kubernetes`, or a map, see [discover](#discover)',
        also: 'docker providers provider labels',
      },
    ).optional(),
    shared: described(
      shared,
      'A Redis, by which replicas of this gateway agree on what they count, keep and forget ([shared.md](shared.md)).',
      { type: 'URL, or a map, see [shared](#shared)', also: 'redis cluster state sharedstate storage store' },
    ).optional(),
    ...inheritedShape('top'),
    routes: described(
      z.record(z.string(), routeValue),
      'Which path leads to which port. The order does not matter.',
      {
        expected: 'a map of paths to ports',
        type: 'map, see [routes](#routes)',
        defaultText: '**required**',
        also: 'paths locations',
      },
    ),
    tests: described(
      tests,
      'Which route must take a request. `portway check`, the start and each reload hold the file to them; one that fails is a problem ([tests.md](tests.md)).',
      { type: 'line, map, or a list of them, see [tests](#tests)', also: 'assertions checks' },
    ).optional(),
    streams: described(
      streams,
      'Raw sockets, below HTTP: ports that are carried byte for byte.',
      {},
    ).optional(),
    services: described(
      z.record(parsedBy(z.string(), parseServiceName, { expected: 'a name' }), serviceValue),
      'Processes that `portway dev` (`npm start`) runs and watches; `portway start` leaves them alone.',
      { expected: 'a map of names to processes', type: 'map, see [services](#services)', also: 'processes' },
    ).optional(),
    log: described(log, 'What is logged, and how.', {
      defaultText: 'see [log](#log)',
      also: 'logging loglevel',
    }).optional(),
  })
  .meta({ doc: { expected: 'a map with the key "routes"', holder: 'the configuration' } });

export type ConfigInput = z.input<typeof configuration>;
export type CheckedConfig = z.output<typeof configuration>;

function adminAddress(address: string) {
  if (/^(?:no|none|disabled)$/.test(address)) return refused('here it is called off');
  const parsed = parseHostAndPort(address);
  if (!parsed.ok) return parsed;
  const name = parsed.value.kind === 'port' ? ADMIN_HOST : parsed.value.host;
  return accepted({ host: name, port: parsed.value.port });
}
