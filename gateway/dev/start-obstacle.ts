import { stat } from 'node:fs/promises';
import { placeText } from '../config/lines.ts';
import type { ServiceConfig } from '../model/config.ts';
import { describeHolder, portHolder } from './port-holder.ts';
import { acceptsConnections } from './port-probe.ts';

/** Why a start of the service would fail now, and what to do; `null`: nothing is in the way. */
export async function startObstacle(service: ServiceConfig): Promise<string | null> {
  const { cwd, port, source } = service;
  if (!(await isFolder(cwd))) return `its folder ${cwd} does not exist (${placeText(source)})`;
  if (port === null || !(await acceptsConnections(port))) return null;
  const holder = describeHolder(await portHolder(port), port);
  return `port ${port} is taken by ${holder}; end that, or give it another port (${placeText(source)})`;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
