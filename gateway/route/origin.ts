import type { RouteConfig } from '../model/config.ts';

/** The route's own answer (redirect, folder, …) in words; `null`: its services answer. */
export function ownOrigin({
  upstream,
  folder,
  redirect,
}: Pick<RouteConfig, 'upstream' | 'folder' | 'redirect'>): string | null {
  if (upstream.endpoints.length > 0) return null;
  if (redirect !== null) return `a redirect (${redirect.status}) to ${redirect.to || '/'}`;
  return folder === null ? 'the gateway itself' : `the files of ${folder.path}`;
}
