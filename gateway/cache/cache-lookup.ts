import { hash } from 'node:crypto';
import { Directives } from './directives.ts';
import type { CacheUrl, Entry, FieldMap } from './entry.ts';
import type { CacheStore } from './store.ts';
import { Selecting } from './vary.ts';

/** Why a request is sent on (RFC 9211 §2.2). */
export type ForwardReason = 'uri-miss' | 'vary-miss' | 'stale' | 'request';

/** How a request that the cache can't answer alone may be answered. */
export interface CacheLookup {
  readonly reason: ForwardReason;
  /** Whether simultaneous requests may wait for one answer: it can be given to them if it is kept. */
  readonly shared: boolean;
  /** Equal for requests that one answer fits, as far as is known. */
  readonly key: string;
}

export function lookUp(store: CacheStore, url: CacheUrl, fields: FieldMap): CacheLookup {
  const entry = store.find(url, fields);
  const names = store.variesBy(url);
  const chosen = new Selecting(fields).by([...(names ?? [])].sort());
  return {
    reason: reasonOf(entry, names !== undefined),
    shared: !isPersonal(fields) && !(entry && isAlwaysAsked(entry)),
    key: shortened(JSON.stringify([url.origin, url.path, chosen])),
  };
}

/** It is remembered, and a client or service may make it some ten KiB long. */
function shortened(key: string): string {
  return key.length > KEY_MAX ? hash('sha256', key) : key;
}

const KEY_MAX = 512;

function reasonOf(entry: Entry | undefined, known: boolean): ForwardReason {
  if (entry === undefined) return known ? 'vary-miss' : 'uri-miss';
  return isFresh(entry) ? 'request' : 'stale';
}

/** Whether it may be given without asking the service, unless the request demands more. */
export function isFresh(entry: Freshness): boolean {
  return entry.staleAt > Date.now() && !isAlwaysAsked(entry);
}

type Freshness = Pick<Entry, 'staleAt' | 'cachedAt' | 'alwaysAsked'>;

/** Whether the request must get an answer of its own: it neither waits for others, nor do others wait for it. */
function isPersonal(fields: FieldMap): boolean {
  return PERSONAL.some((name) => fields[name] !== undefined);
}

const PERSONAL = ['authorization', 'cache-control', 'pragma', 'range'] as const;

function isAlwaysAsked({ staleAt, cachedAt, alwaysAsked }: Freshness): boolean {
  return staleAt <= cachedAt || alwaysAsked;
}

/** `fresh`, or as good as that to this client, or `stale` and to be given all the same, and asked for behind its back; or to be asked for first. */
export type Use = 'fresh' | 'stale' | 'ask';

/** RFC 9111 §4, and §5.2.1 for directives of the request. */
export function useOf(entry: Entry, fields: FieldMap): Use {
  const now = Date.now();
  if (!saysAnything(fields)) {
    if (isFresh(entry)) return 'fresh';
    return !entry.alwaysAsked &&
      now <= entry.staleAt + entry.staleWhileRevalidateMs &&
      entry.staleWhileRevalidateMs > 0
      ? 'stale'
      : 'ask';
  }
  const directives = Directives.ofRequest(fields);
  if (entry.alwaysAsked || directives.has('no-cache') || directives.has('no-store')) return 'ask';
  const maxAge = directives.seconds('max-age');
  if (maxAge !== undefined && !(now - entry.cachedAt < maxAge * 1_000)) return 'ask';
  if (now + (directives.seconds('min-fresh') ?? 0) * 1_000 < entry.staleAt) return 'fresh';
  if (!directives.has('max-stale') || entry.neverStale || directives.has('min-fresh')) return 'ask';
  // Without a number, however stale it is (§5.2.1.2).
  const maxStale = directives.seconds('max-stale')!;
  return Number.isNaN(maxStale) || now <= entry.staleAt + maxStale * 1_000 ? 'fresh' : 'ask';
}

function saysAnything(fields: FieldMap): boolean {
  return fields['cache-control'] !== undefined || fields.pragma !== undefined;
}

/** Whether it may be given although it is stale, because the service fails (RFC 5861 §4). The client may want that, too. */
export function standsIn(entry: Entry, fields: FieldMap): boolean {
  if (entry.alwaysAsked || entry.neverStale) return false;
  const wanted = saysAnything(fields) ? Directives.ofRequest(fields).seconds('stale-if-error') : undefined;
  const ms = Math.max(entry.staleIfErrorMs, (wanted || 0) * 1_000);
  return ms > 0 && Date.now() < entry.staleAt + ms;
}
