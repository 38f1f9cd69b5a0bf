import type { RouteMatch } from '../../route/table.ts';
import type { AskedRequest } from '../policy.ts';
import type { Exception } from './settings.ts';

type Asked = Pick<AskedRequest, 'method' | 'target' | 'facts' | 'match'>;

/**
 * Whether a request needs no authentication. The canonical path decides, and only if every service reads the same path and method from the
 * request; in doubt, authentication is required.
 */
export function isExcepted(exceptions: readonly Exception[], asked: Asked): boolean {
  const { method, target, facts, match } = asked;
  if (exceptions.length === 0 || target.kind !== 'path') return false;
  const { foldable } = target;
  const canonical = canonicalBelow(match, target.canonical);
  return exceptions.some((one) => {
    if (one.path !== null && (foldable || !isBelow(canonical, one.path))) return false;
    return one.method === null || (one.method === method && !overridesMethod(facts.kept));
  });
}

/** The path as the service gets it: a route that was asked for by name has no prefix. */
function canonicalBelow({ route, named, prefix }: RouteMatch, canonical: string): string {
  if (!named || !route.strip || route.matcher.path === '/') return canonical;
  return route.matcher.path + canonical.slice(prefix.length);
}

function isBelow(canonical: string, path: string): boolean {
  return path.endsWith('/') ? canonical.startsWith(path) : canonical === path;
}

/** Frameworks take the method from such a field: a harmless one would let any other pass. */
function overridesMethod(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) if (OVERRIDE.test(fields[i]!)) return true;
  return false;
}

const OVERRIDE = /^x[-_](?:http[-_])?method(?:[-_]override)?$/i;
