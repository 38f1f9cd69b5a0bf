import { type Environment, loadContent } from '../../config/load.ts';
import { contentOf } from '../../files/content.ts';
import type { GatewayConfig } from '../../model/config.ts';

export const CONFIG_FILE = '/srv/portway/gateway.config.yaml';

/** The compiled configuration of a text, as if it stood in `CONFIG_FILE`. @throws its problems */
export async function configurationOf(text: string, env: Environment = {}): Promise<GatewayConfig> {
  const result = await loadContent(contentOf(Buffer.from(text)), CONFIG_FILE, env);
  if (!result.ok) throw new Error(result.formatted);
  return result.config;
}

/** As a person reads them; empty: there are none. */
export async function problemsOf(text: string, env: Environment = {}): Promise<string> {
  const result = await loadContent(contentOf(Buffer.from(text)), CONFIG_FILE, env);
  return result.ok ? '' : result.formatted;
}
