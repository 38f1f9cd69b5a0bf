/** `discover:` of the configuration. */

import { z } from 'zod';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { described, parsedBy, text } from '../keys/value.ts';
import type { DiscoverConfig } from '../model/config.ts';

export const DEFAULT_ENGINE = 'unix:///var/run/docker.sock';

const engine = parsedBy(z.string(), (written: string): ParseResult<string> => {
  if (/^unix:\/\/\/./.test(written) || /^(?:tcp|http):\/\/[^/:]+:\d+\/?$/.test(written))
    return accepted(written);
  if (written.startsWith('/')) return accepted(`unix://${written}`);
  return /^(?:ssh|https):/.test(written) ? refused('a socket proxy in between speaks plain HTTP') : refused();
}).meta({ doc: { expected: 'the address of a Docker engine, like unix:///var/run/docker.sock' } });

export const discoverDockerForm = z
  .strictObject({
    engine: described(
      engine,
      'Where the engine listens: `unix:///var/run/docker.sock`, `tcp://socket-proxy:2375`.',
      {
        defaultText: `\`DOCKER_HOST\` of the environment, else \`${DEFAULT_ENGINE}\``,
        also: ['socket', 'host', 'endpoint', 'sock'],
      },
    ).optional(),
    network: described(
      text,
      'On which of their networks containers are reached; the name of the Compose project before it may be left out.',
      { expected: 'the name of a network', type: 'name', defaultText: 'the first by name' },
    ).optional(),
    address: described(
      z.enum(['container', 'published']),
      '`container`: at their own addresses. `published`: at the ports that the engine publishes on this machine, where the gateway shares no network with them.',
      { default: 'container', expected: 'container or published' },
    ).prefault('container'),
  })
  .meta({
    id: 'discoverDocker',
    doc: { expected: 'true, or a map with engine, network, address', holder: 'docker' },
  });

export const discoverForm = z
  .strictObject({
    docker: described(
      z.union([z.literal(true), discoverDockerForm]),
      'A Docker engine, which is only read from.',
      {
        expected: 'true, or a map with engine, network, address',
        type: '`true`, or a map, see [docker](#docker)',
        defaultText: '**required**',
      },
    ),
  })
  .meta({ id: 'discover', doc: { expected: 'docker, or a map with the key "docker"', holder: 'discover' } });

export const discover = z
  .union([
    z.literal('docker').transform((): z.output<typeof discoverForm> => ({ docker: true })),
    discoverForm,
  ])
  .meta({ doc: { expected: 'docker, or a map with the key "docker"' } });

export function compileDiscover(
  { docker }: z.output<typeof discoverForm>,
  dockerHost: string | undefined,
): DiscoverConfig {
  const { engine: written, network = null, address = 'container' } = docker === true ? {} : docker;
  return { engine: written ?? (dockerHost || DEFAULT_ENGINE), network, address };
}
