import { startTestGateway, type TestGateway } from './gateway.ts';
import type { Answer } from './raw-client.ts';
import { type Script, type ScriptedService, startService } from './service.ts';

/** A gateway whose route `/img` is cached, and the service behind it. */
export interface CachedRoute {
  readonly service: ScriptedService;
  readonly gateway: TestGateway;
  /** One GET below the route, on a connection of its own. */
  ask(path: string, ...fields: string[]): Promise<Answer>;
}

export interface CachedRouteOptions {
  /** The value of `cache:`. */
  readonly cache?: string;
  /** Further keys of the route, and of the file. */
  readonly keys?: readonly string[];
  readonly top?: string;
}

/** @param script what the service answers: bytes, or a script for each request. */
export async function startCachedRoute(
  script: Script | string | Uint8Array | null,
  { cache = 'true', keys = [], top = '' }: CachedRouteOptions = {},
): Promise<CachedRoute> {
  const service = await startService();
  if (script !== null) service.answer(script);
  const gateway = await startTestGateway(
    `admin: 3900\n${top}routes:\n  /img: { ${[`to: ${service.port}`, `cache: ${cache}`, ...keys].join(', ')} }\n`,
  );
  return { service, gateway, ask: (path, ...fields) => gateway.get(`/img${path}`, ...fields) };
}

/** What the last cache on the way says of an answer (RFC 9211). */
export function cacheStatus(answer: Pick<Answer, 'head'>): string | undefined {
  return answer.head.values('cache-status').at(-1);
}
