import type { CheckedRoute } from './route-schema.ts';
import type { CheckedConfig } from './schema.ts';

type RouteValue = CheckedConfig['routes'][string];

/** Several routes of one path with different conditions. */
export function isAlternatives(value: RouteValue): value is CheckedRoute[] {
  return Array.isArray(value) && value.length > 0 && !('kind' in value[0]!);
}

/** The routes under one key of `routes:`, each in long form. */
export function formsOf(value: RouteValue): readonly CheckedRoute[] {
  if (isAlternatives(value)) return value;
  return Array.isArray(value) || 'kind' in value ? [{ to: value }] : [value];
}
