/**
 * Whether a route for `pattern` takes a request for `host`: the same host, or one or more labels before the rest of `*.example.com`.
 * Both are in lower case and without port; a `null` pattern takes every host.
 */
export function hostMatches(pattern: string | null, host: string | null): boolean {
  if (pattern === null) return true;
  if (host === null) return false;
  if (!pattern.startsWith('*.')) return host === pattern;
  return host.length >= pattern.length && host.endsWith(pattern.slice(1));
}
