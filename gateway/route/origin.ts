import type { RouteConfig } from '../model/config.ts';

/** What answers on a route, where no service does, in words; `null`: its services do. */
export function ownOrigin({
  upstream,
  folder,
  redirect,
}: Pick<RouteConfig, 'upstream' | 'folder' | 'redirect'>): string | null {
  if (upstream.endpoints.length > 0) return null;
  if (redirect !== null) return `a redirect (${redirect.status}) to ${redirect.to || '/'}`;
  return folder === null ? 'the gateway itself' : `the files of ${folder.path}`;
}
