import type { RouteConfig } from '../model/config.ts';

/** Which implementation carries the exchanges of a route, and why: a row of a closed list. */
export interface RouteLane {
  readonly lane: 'wire' | 'general';
  readonly why: string;
}

/** Of requests that the wire lane reads at all: what it does not, upgrades among it, is carried in the general lane on every route. */
export function laneOf({ extend, lane }: Pick<RouteConfig, 'extend' | 'lane'>): RouteLane {
  if (extend !== null) return EXTENDED;
  return lane === 'general' ? ASKED_FOR : PLAIN;
}

const PLAIN: RouteLane = {
  lane: 'wire',
  why: 'a plain route',
};
const EXTENDED: RouteLane = { lane: 'general', why: 'extended in code, which needs Fastify' };
const ASKED_FOR: RouteLane = { lane: 'general', why: 'the configuration says lane: general' };
