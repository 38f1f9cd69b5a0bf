import type { Peer } from '../peer.ts';
import { caddy } from './caddy.ts';
import { haproxy } from './haproxy.ts';
import { nginx, nginxBuffers } from './nginx.ts';
import { nodePeer } from './node-peer.ts';
import { portway, portwayVariants } from './portway.ts';
import { varnish } from './varnish.ts';

/** The name of the peer that ratios refer to. */
export const yardstick = nginx.name;

/** Cost of two reads and two writes through node:net, with the least codec. */
const floor: Peer = {
  ...nodePeer('undici', 'floor.ts', 'floor', 'a relay over node:net with the least reading of heads'),
  cases: ['small', '10k', '1m'],
};

/** Everyone, in the order of the tables. */
export const peers: readonly Peer[] = [
  nginx,
  nginxBuffers,
  haproxy,
  varnish,
  caddy,
  portway,
  ...portwayVariants,
  floor,
  nodePeer('undici', 'undici-dispatch.ts', 'undici.dispatch', 'node:http and undici, nothing else'),
  nodePeer('fast-gateway', 'fast-gateway.ts', 'fast-gateway', 'as its README shows it'),
  nodePeer('@fastify/http-proxy', 'fastify-http-proxy.ts', '@fastify/http-proxy', 'as its README shows it'),
];
