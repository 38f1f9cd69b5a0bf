import { startTestGateway } from './gateway.ts';
import { ok, type ScriptedService, startService } from './service.ts';

const yaml = (port: number) => `routes:\n  /db: ${port}\n`;

/** Services that answer `before` and `after`, and a gateway whose `/db` leads to the first, or to another one. @returns the file for a port, too */
export async function startTwoServices(first?: ScriptedService) {
  const before = first ?? (await startService()).answer(ok('before'));
  const after = (await startService()).answer(ok('after'));
  return { before, after, yaml, gateway: await startTestGateway(yaml(before.port)) };
}
