import type { GatewayConfig } from '../config/model.ts';
import { streamSignature } from '../streams/signature.ts';
import { signatureOf } from './live-route.ts';

/** What a reload changed, for the log. */
export interface ConfigDiff {
  /** Ids of routes (`/db`) and streams (`tcp 7000`), here and below. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Settings outside of both that differ; those that a running gateway can't take over need a restart. */
  readonly settings: readonly string[];
  readonly needsRestart: readonly string[];
}

export function diffConfigs(before: GatewayConfig, after: GatewayConfig): ConfigDiff {
  const old = signatures(before);
  const now = signatures(after);
  const settings = SETTINGS.filter((key) => meaningOf(before, key) !== meaningOf(after, key));
  return {
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
    changed: [...now].filter(([id, signature]) => old.has(id) && old.get(id) !== signature).map(([id]) => id),
    settings,
    needsRestart: settings.filter((key) => AT_THE_START.has(key)),
  };
}

export function isEmpty(diff: ConfigDiff): boolean {
  return diff.added.length + diff.removed.length + diff.changed.length + diff.settings.length === 0;
}

/** Whether something stands in another line or another order, which matters to whoever is told of it alone. */
export function hasMoved(before: GatewayConfig, after: GatewayConfig): boolean {
  return PLACED.some(
    (key) =>
      before[key].length !== after[key].length ||
      before[key].some(({ source }, index) => {
        const now = after[key][index]!.source;
        return source.line !== now.line || source.column !== now.column;
      }),
  );
}

const PLACED = ['routes', 'streams', 'services'] as const;

const SETTINGS = [
  'host',
  'port',
  'admin',
  'trustProxy',
  'log',
  'maxConnections',
  'workers',
  'overload',
  'resolver',
  'serverTiming',
  'services',
] as const;

/** What is decided once: where to listen, and how many processes there are. */
const AT_THE_START: ReadonlySet<string> = new Set(['host', 'port', 'admin', 'workers']);

function meaningOf(config: GatewayConfig, key: (typeof SETTINGS)[number]): string | undefined {
  if (key !== 'services') return JSON.stringify(config[key]);
  return JSON.stringify(config.services.map(({ source: _source, ...meaning }) => meaning));
}

function signatures({ routes, streams }: GatewayConfig): Map<string, string> {
  return new Map([
    ...routes.map((route) => [route.id, signatureOf(route)] as const),
    ...streams.map((stream) => [stream.id, streamSignature(stream)] as const),
  ]);
}
