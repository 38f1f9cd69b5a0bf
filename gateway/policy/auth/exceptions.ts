import type { RouteMatch } from '../../route/table.ts';
import type { AskedRequest } from '../policy.ts';
import type { Exception } from './settings.ts';

type Asked = Pick<AskedRequest, 'method' | 'target' | 'facts' | 'match'>;

/**
 * Whether a request is one of those that need not say who asks. It is judged by the canonical path, and only where every service reads the
 * same path and method out of it: whatever is in doubt has to say who asks.
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

/** What a route is asked for by its name has no prefix before it: it is what the service gets that is compared. */
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
