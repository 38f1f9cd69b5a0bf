import type { Quantile } from '../live/rates.ts';

/** An unknown value. */
export const NOTHING = '–';

export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return NOTHING;
  if (perSecond === 0) return '0';
  if (perSecond < 10) return perSecond.toFixed(1);
  return formatCount(Math.round(perSecond));
}

export function formatCount(count: number): string {
  if (count < 10_000) return String(count);
  if (count < 1_000_000) return `${(count / 1000).toFixed(count < 100_000 ? 1 : 0)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

/** @param share 0 to 1. */
export function formatShare(share: number): string {
  if (share === 0) return '0 %';
  if (share < 0.001) return '<0.1 %';
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

export function formatMs(ms: number): string {
  if (ms < 0.05) return '<0.1 ms';
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1).replace('.0', '') : Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(ms < 10_000 ? 2 : 1))} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function formatQuantile(quantile: Quantile | null): string {
  if (quantile === null) return NOTHING;
  const sign = { 'at most': '<', about: '', 'more than': '>' }[quantile.bound];
  return `${sign}${formatMs(quantile.ms)}`;
}

/** How long ago something was. */
export function formatAgo(at: number | null, now: number): string {
  if (at === null) return NOTHING;
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 2) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `14:01:07` */
export function formatTime(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false });
}

/** `2026-11-29` */
export function formatDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
