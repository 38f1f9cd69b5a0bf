import type { RouteConfig } from '../model/config.ts';

/**
 * The path as services read it that fold it: slashes merged, `%2F` and `%3B` decoded, `;parameters` removed (SEMANTICS 1.9). If such a
 * reading belongs to another route than the path itself, the request would bypass that route. (`%5C` never gets here.)
 *
 * Three readings cover all orders of the steps. They differ in how much is removed: of `;x%2Fy` less before `%2F` is decoded; of `%3Bx%2Fy`
 * nothing before `%3B` is, and everything where `%3B` alone is decoded first.
 */
export function foldedReadings(path: string): readonly string[] {
  return [
    merged(cut(decoded(path))),
    merged(cut(decoded(cut(path)))),
    merged(slashed(cut(semicoloned(path)))),
  ];
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
  return slashed(semicoloned(path));
}

function slashed(path: string): string {
  return path.replaceAll('%2F', '/');
}

function semicoloned(path: string): string {
  return path.replaceAll('%3B', ';');
}

function cut(path: string): string {
  return path.replace(/;[^/]*/g, '');
}

function merged(path: string): string {
  return path.replace(/\/{2,}/g, '/');
}
