/** Where a plugin that a route uses lies. */

import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import type { PluginUse } from '../model/config.ts';

/** The file of a plugin, as the configuration's folder has it, or else Portway itself; `null`: it is not there. */
export async function pluginFile({ plugin, from }: PluginUse): Promise<string | null> {
  if (isAbsolute(plugin)) {
    // To import a pipe would wait for its writer, in a thread that is lost.
    return stat(plugin).then(
      (found) => (found.isFile() ? plugin : null),
      () => null,
    );
  }
  for (const base of [join(from, 'package.json'), import.meta.url]) {
    try {
      return createRequire(base).resolve(plugin);
    } catch {}
  }
  return null;
}
