import type { GatewayConfig, RouteConfig } from '../config/model.ts';
import { signatureOf } from './live-route.ts';

/** What a reload changed, for the log. */
export interface ConfigDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Settings outside the routes that differ; those that a running gateway can't take over need a restart. */
  readonly settings: readonly string[];
  readonly needsRestart: readonly string[];
}

export function diffConfigs(before: GatewayConfig, after: GatewayConfig): ConfigDiff {
  const old = signatures(before.routes);
  const now = signatures(after.routes);
  const settings = SETTINGS.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  return {
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
    changed: [...now].filter(([id, signature]) => old.has(id) && old.get(id) !== signature).map(([id]) => id),
    settings,
    needsRestart: settings.filter((key) => LISTENING.has(key)),
  };
}

export function isEmpty(diff: ConfigDiff): boolean {
  return diff.added.length + diff.removed.length + diff.changed.length + diff.settings.length === 0;
}

const SETTINGS = [
  'host',
  'port',
  'admin',
  'trustProxy',
  'log',
  'maxConnections',
  'streams',
  'services',
] as const;
const LISTENING: ReadonlySet<string> = new Set(['host', 'port', 'admin']);

function signatures(routes: readonly RouteConfig[]): Map<string, string> {
  return new Map(routes.map((route) => [route.id, signatureOf(route)]));
}
