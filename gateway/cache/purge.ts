import { canonicalPath } from '../route/target.ts';
import { type CacheUrl, placeOf } from './entry.ts';

/** The answers to forget. */
export type Purge = UrlPurge | GroupPurge;

/** All answers of one group (RFC 9875), whatever their URL. */
interface GroupPurge {
  /** As in `UrlPurge`. */
  readonly origin: string | null;
  readonly group: string;
}

export interface UrlPurge {
  /** Scheme and authority, in lower case and without a default port; `null`: any. */
  readonly origin: string | null;
  /** In the canonical view, so that no spelling of a path is missed. */
  readonly path: string;
  /** With its `?`, empty for none; `null`: any. */
  readonly query: string | null;
  /** Also everything below that path. */
  readonly below: boolean;
}

export const EVERYTHING: UrlPurge = { origin: null, path: '/', query: null, below: true };

/** Validates untrusted input. */
export function arePurges(value: unknown): value is readonly Purge[] {
  return Array.isArray(value) && value.every(isPurge);
}

function isPurge(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { origin, group, path, query } = value as Record<string, unknown>;
  const isText = (text: unknown) => text === null || typeof text === 'string';
  return isText(origin) && (typeof group === 'string' || (typeof path === 'string' && isText(query)));
}

/** A URL with its query, or a path, which means any host. @returns `null` for anything else */
export function purgeOfUrl(text: string): UrlPurge | null {
  const match = URL_OR_PATH.exec(text);
  const path = match && canonicalPath(match.groups?.path ?? '/');
  if (!path?.ok) return null;
  const { origin, query } = match!.groups!;
  return { origin: origin ? plainOrigin(origin) : null, path: path.path, query: query ?? '', below: false };
}

/** The URL and everything below it, with any query. */
export function purgeOfPrefix(text: string): UrlPurge | null {
  const purge = text.includes('?') ? null : purgeOfUrl(text);
  return purge && { ...purge, path: purge.path.replace(/(?<=.)\/$/, ''), query: null, below: true };
}

const URL_OR_PATH = /^(?=[/h])(?<origin>https?:\/\/[^/?#\s]+)?(?<path>\/[^?#]*)?(?<query>\?[^#]*)?$/i;

export function purges(purge: UrlPurge, url: CacheUrl): boolean {
  const { path, query, below } = purge;
  if (!isOn(purge, url)) return false;
  const question = url.path.indexOf('?');
  if (query !== null && query !== (question === -1 ? '' : url.path.slice(question))) return false;
  const place = placeOf(url.path);
  return place === path || (below && place.startsWith(path === '/' ? path : `${path}/`));
}

/** Whether it is about the origin of a URL. */
export function isOn({ origin }: Purge, url: CacheUrl): boolean {
  return origin === null || origin === plainOrigin(url.origin.split(' ', 1)[0]!);
}

export function plainOrigin(origin: string): string {
  return origin.toLowerCase().replace(/^(http:.*):80$|^(https:.*):443$/, '$1$2');
}
