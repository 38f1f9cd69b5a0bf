import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { placeText } from '../config/lines.ts';
import type { ServiceConfig } from '../model/config.ts';
import { describeHolder, portHolder } from './port-holder.ts';
import { acceptsConnections } from './port-probe.ts';
import type { Exit } from './process-group.ts';

/** Why a service's command ended and, if known, what to do: `ended with exit code 1`. */
export function describeExit(exit: Exit, service: ServiceConfig): string {
  if (exit.signal !== null) return `was ended by ${exit.signal}`;
  if (exit.code === null) return 'could not be started';
  const meaning = meaningOf(exit.code, `\`run\` in ${placeText(service.source)}`);
  return `ended with exit code ${exit.code}${meaning === null ? '' : ` (${meaning})`}`;
}

/** POSIX shells: 126 and 127 are their own; above 128 is the signal that ended the command. */
function meaningOf(code: number, where: string): string | null {
  if (code === 0) return 'a service has to stay in the foreground';
  if (code === 127) return `command not found: look at ${where}`;
  if (code === 126) return `command not executable: look at ${where}`;
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128);
  return signal?.[0] ?? null;
}

/** Why starting the service would fail now, and what to do; `null`: no obstacle. */
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
