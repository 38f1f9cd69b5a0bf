import type { PageRoute, PageStatus, RouteState } from './page-status.ts';

/** How the routes are doing, in one sentence that names what needs attention. */
export function headline(routes: readonly PageRoute[]): string {
  if (routes.length === 0) return 'No routes yet.';
  const down = routes.filter(({ state }) => state === 'down');
  const partly = routes.filter(({ state }) => state === 'partly');
  if (down.length > 0) return `${subject(down, routes)} down.`;
  if (partly.length > 0) return `${subject(partly, routes)} only partly up.`;
  if (routes.some(({ state }) => state === 'unknown')) return `${count(routes.length)}.`;
  return routes.length === 1 ? 'The route is up.' : `All ${routes.length} routes are up.`;
}

/** For the tab of the browser. */
export function title({ routes, config }: Pick<PageStatus, 'routes' | 'config'>): string {
  if (config !== null && config.rejected !== null) return 'Configuration refused · Portway';
  const down = routes.filter(({ state }) => state === 'down').length;
  return down === 0 ? 'Portway' : `${down} down · Portway`;
}

export const stateWords: Readonly<Record<RouteState, string>> = {
  up: 'Up',
  partly: 'Partly up',
  down: 'Down',
  unknown: 'Not known',
};

function subject(some: readonly PageRoute[], all: readonly PageRoute[]): string {
  if (some.length === all.length) return all.length === 1 ? 'The route is' : `All ${all.length} routes are`;
  const [first, second] = some;
  if (second === undefined) return `${first!.label} is`;
  if (some.length === 2) return `${first!.label} and ${second.label} are`;
  return `${some.length} of ${all.length} routes are`;
}

function count(routes: number): string {
  return routes === 1 ? 'One route' : `${routes} routes`;
}
