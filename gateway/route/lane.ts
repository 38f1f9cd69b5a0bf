import type { RouteConfig } from '../model/config.ts';

/** Which implementation carries the exchanges of a route, and why: a row of a closed list. */
export interface RouteLane {
  readonly lane: 'wire' | 'general';
  readonly why: string;
}

/**
 * The lane of a route's plain requests. Requests that the wire lane does not read, upgrades among them, take the general lane on every
 * route.
 */
export function laneOf(route: Pick<RouteConfig, 'extend' | 'use' | 'lane'>): RouteLane {
  if (isExtended(route)) return EXTENDED;
  return route.lane === 'general' ? ASKED_FOR : PLAIN;
}

/** Whether its exchanges pass hooks of somebody else's, which Fastify runs. */
export function isExtended({ extend, use }: Pick<RouteConfig, 'extend' | 'use'>): boolean {
  return extend !== null || use.length > 0;
}

/** The extensions of the route, in words. */
export function extendedBy({ extend, use }: Pick<RouteConfig, 'extend' | 'use'>): string {
  return [...use.map(({ plugin }) => plugin), ...(extend === null ? [] : [extend])].join(', ');
}

const PLAIN: RouteLane = {
  lane: 'wire',
  why: 'a plain route',
};
const EXTENDED: RouteLane = { lane: 'general', why: 'extended in code, which needs Fastify' };
const ASKED_FOR: RouteLane = { lane: 'general', why: 'the configuration says lane: general' };
