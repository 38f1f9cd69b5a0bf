import { startTestGateway, type TestGateway } from './gateway.ts';
import type { RouteKind } from './route-kinds.ts';
import { type ScriptedService, type ServiceOptions, startService } from './service.ts';

/** A service, and a gateway with one route of this kind to it. Both end with the test. */
export async function startRoute(
  { routes, files }: Pick<RouteKind, 'routes' | 'files'>,
  path: string,
  keys: readonly string[] = [],
  options: ServiceOptions = {},
): Promise<{ readonly service: ScriptedService; readonly gateway: TestGateway }> {
  const service = await startService(options);
  return { service, gateway: await startTestGateway(routes(path, service.port, ...keys), { files }) };
}
