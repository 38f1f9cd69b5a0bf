import type { RouteConfig } from '../model/config.ts';

/**
 * A path as services read it that fold it: slashes merged, `%2F` and `%3B` decoded, `;parameters` cut off (SEMANTICS 1.9). Where such a
 * reading belongs to another route than the path as it stands, the request would walk around that route. (`%5C` never gets here.)
 *
 * Two readings hold for all orders of the three steps: a service that cuts before it decodes loses less of `;x%2Fy` than one that decodes first.
 */
export function foldedReadings(path: string): readonly [string, string] {
  return [merged(cut(decoded(path))), merged(cut(decoded(cut(path))))];
}

/** Whether a canonical path has anything that some services fold. */
export function isFoldable(canonical: string): boolean {
  return /\/\/|;|%2F|%3B/.test(canonical);
}

/** The other route, and the path that it would own. */
export interface OtherReading {
  readonly route: RouteConfig;
  readonly path: string;
}

/** Follows "the target ...". */
export function ambiguityText(route: RouteConfig, { route: other, path }: OtherReading): string {
  return `belongs to ${route.id} as it stands, and to ${other.id} where a service reads it as ${path}`;
}

function decoded(path: string): string {
  return path.replaceAll('%2F', '/').replaceAll('%3B', ';');
}

function cut(path: string): string {
  return path.replace(/;[^/]*/g, '');
}

function merged(path: string): string {
  return path.replace(/\/{2,}/g, '/');
}
