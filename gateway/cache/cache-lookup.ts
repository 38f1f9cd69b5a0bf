import type { CacheUrl, Entry, FieldMap } from './entry.ts';
import type { CacheStore } from './store.ts';
import { Selecting } from './vary.ts';

/** Why a request is sent on (RFC 9211 §2.2). */
export type ForwardReason = 'uri-miss' | 'vary-miss' | 'stale' | 'request';

/** What asking the service may bring. */
export interface CacheLookup {
  readonly reason: ForwardReason;
  /** Whether those who ask for the same at the same time may wait for one answer: it can be given to them when it is kept. */
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
    key: JSON.stringify([url.origin, url.path, chosen]),
  };
}

function reasonOf(entry: Entry | undefined, known: boolean): ForwardReason {
  if (entry === undefined) return known ? 'vary-miss' : 'uri-miss';
  return isFresh(entry) ? 'request' : 'stale';
}

/** Whether it may be given without asking the service, to those who ask for nothing else. */
export function isFresh(entry: Entry): boolean {
  return entry.staleAt > Date.now() && !isAlwaysAsked(entry);
}

/** What a client wants to have asked for anew, or for itself, nobody else waits for, and it waits for nobody. */
function isPersonal(fields: FieldMap): boolean {
  return PERSONAL.some((name) => fields[name] !== undefined);
}

const PERSONAL = ['authorization', 'cache-control', 'pragma', 'range'] as const;

function isAlwaysAsked({ staleAt, cachedAt, cacheControlDirectives }: Entry): boolean {
  return staleAt <= cachedAt || cacheControlDirectives?.['no-cache'] === true;
}
