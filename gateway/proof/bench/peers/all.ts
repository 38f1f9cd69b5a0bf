import type { Peer } from '../peer.ts';
import { caddy } from './caddy.ts';
import { haproxy } from './haproxy.ts';
import { nginx, nginxBuffers } from './nginx.ts';
import { nodePeer } from './node-peer.ts';
import { portway, portwayVariants } from './portway.ts';

/** The name of the peer that ratios refer to. */
export const yardstick = nginx.name;

/** Everyone, in the order of the tables. */
export const peers: readonly Peer[] = [
  nginx,
  nginxBuffers,
  haproxy,
  caddy,
  portway,
  ...portwayVariants,
  nodePeer(
    'undici',
    'undici-dispatch.ts',
    'undici.dispatch',
    'the floor: node:http and undici, nothing else',
  ),
  nodePeer('fast-gateway', 'fast-gateway.ts', 'fast-gateway', 'as its README shows it'),
  nodePeer('@fastify/http-proxy', 'fastify-http-proxy.ts', '@fastify/http-proxy', 'as its README shows it'),
];
