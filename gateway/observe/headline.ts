import type { RouteState } from './route-state.ts';

interface Mapped {
  readonly label: string;
  readonly state: RouteState;
}

interface Shown {
  readonly routes: readonly Mapped[];
  readonly streams: readonly Mapped[];
}

/** The state of routes and streams in one sentence that names problems. */
export function headline({ routes, streams }: Shown): string {
  // Whether a service takes datagrams is never known: that is no reason to say less of the others.
  const unasked = streams.filter(({ state }) => state === 'unknown');
  const all: Mapped[] = [...routes, ...streams.filter(({ state }) => state !== 'unknown')];
  if (all.length === 0) return 'No routes yet.';
  const nouns = all.length === routes.length ? 'routes' : 'routes and streams';
  const down = all.filter(({ state }) => state === 'down');
  const partly = all.filter(({ state }) => state === 'partly');
  if (down.length > 0) return `${subject(down, all, nouns)} down.`;
  const starting = all.filter(({ state }) => state === 'starting');
  if (starting.length > 0) return `${subject(starting, all, nouns)} starting.`;
  if (partly.length > 0) return `${subject(partly, all, nouns)} only partly up.`;
  if (all.some(({ state }) => state === 'unknown')) return `${count(routes.length)}.`;
  if (unasked.length > 0) return partlyKnown(all.length, unasked);
  return `${subject(all, all, nouns)} up.`;
}

/** The page shows all of them: the sentence accounts for those of which nothing is known, too. */
function partlyKnown(up: number, unasked: readonly Mapped[]): string {
  const names = unasked.length === 1 ? unasked[0]!.label : `${unasked.length} streams`;
  return `${up} of ${up + unasked.length} routes and streams ${up === 1 ? 'is' : 'are'} up; of ${names} it is not known.`;
}

/** For the tab of the browser. */
export function title({
  routes,
  streams,
  config,
}: Shown & { readonly config: { readonly rejected: string | null } | null }): string {
  if (config !== null && config.rejected !== null) return 'Configuration refused · Portway';
  const count = (wanted: RouteState) =>
    [...routes, ...streams].filter(({ state }) => state === wanted).length;
  for (const word of ['down', 'starting'] as const) {
    if (count(word) > 0) return `${count(word)} ${word} · Portway`;
  }
  return 'Portway';
}

function subject(some: readonly Mapped[], all: readonly Mapped[], nouns: string): string {
  const [first, second] = some;
  if (second === undefined)
    return all.length === 1 && nouns === 'routes' ? 'The route is' : `${first!.label} is`;
  if (some.length === all.length) return `All ${all.length} ${nouns} are`;
  if (some.length === 2) return `${first!.label} and ${second.label} are`;
  return `${some.length} of ${all.length} ${nouns} are`;
}

function count(routes: number): string {
  return routes === 1 ? 'One route' : `${routes} routes`;
}
