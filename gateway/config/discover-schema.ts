/** `discover:` of the configuration. */

import { resolve } from 'node:path';
import { z } from 'zod';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { defaulted, described, oneOf, parsedBy, text } from '../keys/value.ts';
import type { DiscoverConfig } from '../model/config.ts';

const DEFAULT_ENGINE = 'unix:///var/run/docker.sock';

const engine = parsedBy(
  z.string(),
  (written: string): ParseResult<string> => {
    if (/^unix:\/\/\/./.test(written) || /^(?:tcp|http):\/\/[^/:]+:\d+\/?$/.test(written))
      return accepted(written);
    if (written.startsWith('/')) return accepted(`unix://${written}`);
    return /^(?:ssh|https):/.test(written)
      ? refused('a socket proxy in between speaks plain HTTP')
      : refused();
  },
  { expected: 'the address of a Docker engine, like unix:///var/run/docker.sock' },
);

export const discoverDockerForm = z
  .strictObject({
    engine: described(
      engine,
      'Where the engine listens: `unix:///var/run/docker.sock`, `tcp://socket-proxy:2375`.',
      {
        defaultText: `\`DOCKER_HOST\` of the environment, else \`${DEFAULT_ENGINE}\``,
        also: 'socket host endpoint sock',
      },
    ).optional(),
    network: described(
      text,
      'On which of their networks containers are reached; the name of the Compose project before it may be left out.',
      { expected: 'the name of a network', type: 'name', defaultText: 'the first by name' },
    ).optional(),
    address: defaulted(
      oneOf('container', 'published'),
      '`container`: at their own addresses. `published`: at the ports that the engine publishes on this machine, where the gateway shares no network with them.',
      { default: 'container' },
    ),
  })
  .meta({
    id: 'discoverDocker',
    doc: { expected: 'true, or a map with engine, network, address', holder: 'docker' },
  });

const server = parsedBy(
  z.string(),
  (written: string): ParseResult<string> => {
    const url = URL.parse(written);
    const plain = url?.protocol === 'http:';
    if ((url?.protocol !== 'https:' && !plain) || url.pathname !== '/') return refused();
    if (plain && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname))
      return refused(
        'the token would go over the network in clear: https, or `kubectl proxy` on this machine',
      );
    return accepted(url.origin);
  },
  { expected: 'the address of an API server, like https://10.96.0.1' },
);

export const discoverKubernetesForm = z
  .strictObject({
    server: described(server, 'The API server; plain HTTP for `kubectl proxy` on this machine alone.', {
      defaultText: "the cluster's that the gateway runs in",
      also: 'api apiserver url host endpoint',
    }).optional(),
    token: described(
      text,
      'A file with the token that is sent. It is read for each request, because the cluster renews it.',
      { expected: 'a file', type: 'path', defaultText: "the service account's, where `server` is not set" },
    ).optional(),
    ca: described(text, 'A file with the certificates that the server is known by.', {
      expected: 'a file',
      type: 'path',
      defaultText: "the service account's, where `server` is not set",
      also: 'certificateauthority cacert',
    }).optional(),
    namespace: described(text, 'The only namespace that is read, for which a Role is enough.', {
      expected: 'the name of a namespace',
      type: 'name',
      defaultText: 'all',
    }).optional(),
    class: defaulted(text, '`gatewayClassName` of the Gateways whose routes are served.', {
      default: 'portway',
      expected: 'the name of a GatewayClass',
      type: 'name',
      also: 'gatewayclass gatewayclassname',
    }),
    service: described(
      z.string().regex(/^[a-z0-9-]{1,63}\/[a-z0-9-]{1,63}$/),
      'The Service at which clients reach the gateway: its addresses are those of the Gateways, in their status.',
      {
        expected: 'a namespace and the name of a Service: portway/portway',
        type: 'namespace/name',
        defaultText: 'none, and Gateways have no address',
        also: 'publishservice publish',
      },
    ).optional(),
    status: defaulted(
      z.boolean(),
      'Whether what became of routes and Gateways is written into their status.',
      { default: 'true', expected: 'true or false' },
    ),
  })
  .meta({
    id: 'discoverKubernetes',
    doc: { expected: 'true, or a map with server, namespace, class', holder: 'kubernetes' },
  });

export const discoverForm = z
  .strictObject({
    docker: described(
      z.union([z.literal(true), discoverDockerForm]),
      'A Docker engine, which is only read from.',
      {
        expected: 'true, or a map with engine, network, address',
        type: '`true`, or a map, see [docker](#docker)',
      },
    ).optional(),
    kubernetes: described(
      z.union([z.literal(true), discoverKubernetesForm]),
      'The API server of a cluster.',
      {
        expected: 'true, or a map with server, namespace, class',
        type: '`true`, or a map, see [kubernetes](#kubernetes)',
      },
    ).optional(),
  })
  .refine(({ docker, kubernetes }) => (docker === undefined) !== (kubernetes === undefined))
  .meta({
    id: 'discover',
    doc: { expected: 'docker or kubernetes, or a map with one of the two', holder: 'discover' },
  });

export const discover = z
  .union([
    z.literal('docker').transform((): z.output<typeof discoverForm> => ({ docker: true })),
    z.literal('kubernetes').transform((): z.output<typeof discoverForm> => ({ kubernetes: true })),
    discoverForm,
  ])
  .meta({ doc: { expected: 'docker or kubernetes, or a map with one of the two' } });

/** Defaults from the environment. */
export interface DiscoverPlaces {
  /** `DOCKER_HOST` */
  readonly engine: string | undefined;
  /** Of the cluster that we run in. */
  readonly server: string | null;
  /** The folder of the file: paths in it are relative to it. */
  readonly folder: string;
}

export function clusterServer(env: Readonly<Record<string, string | undefined>>): string | null {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  return host ? `https://${host.includes(':') ? `[${host}]` : host}:${port}` : null;
}

export function compileDiscover(
  { docker, kubernetes }: z.output<typeof discoverForm>,
  places: DiscoverPlaces,
): DiscoverConfig {
  if (kubernetes !== undefined)
    return compileKubernetes(kubernetes === true ? discoverKubernetesForm.parse({}) : kubernetes, places);
  const {
    engine: written,
    network = null,
    address,
  } = docker === true ? discoverDockerForm.parse({}) : docker!;
  return { kind: 'docker', engine: written ?? (places.engine || DEFAULT_ENGINE), network, address };
}

function compileKubernetes(
  written: z.output<typeof discoverKubernetesForm>,
  { server: own, folder }: DiscoverPlaces,
): DiscoverConfig {
  const { server: named, token, ca, namespace = null, class: gatewayClass, service = null, status } = written;
  const file = (path: string | undefined, standard: string) => {
    if (path !== undefined) return resolve(folder, path);
    return named === undefined ? `${SERVICE_ACCOUNT}/${standard}` : null;
  };
  return {
    kind: 'kubernetes',
    server: named ?? own ?? OUTSIDE,
    token: file(token, 'token'),
    ca: file(ca, 'ca.crt'),
    ...{ namespace, gatewayClass, service, status },
  };
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Its name in every cluster. */
const OUTSIDE = 'https://kubernetes.default.svc';
