import type { RouteConfig } from '../model/config.ts';

/** What answers on a route, where no service does, in words; `null`: its services do. */
export function ownOrigin({ upstream, folder }: Pick<RouteConfig, 'upstream' | 'folder'>): string | null {
  if (upstream.endpoints.length > 0) return null;
  return folder === null ? 'the gateway itself' : `the files of ${folder.path}`;
}
