/** Durations and sizes with units: `1m30s`, `64KiB`. */

import { lettersInNumber } from './hint.ts';
import { accepted, type Parsed, refused } from './parsed.ts';

/** Both ends are allowed. */
export interface Bounds {
  readonly min: string;
  readonly max: string;
}

const MILLISECONDS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

export const DURATION_PATTERN = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
export const SIZE_PATTERN = /^\d+(?:\.\d+)?(?:B|[kK]B|[MGT]B|[KMGT]iB)$/;

/** Milliseconds of `2s`, `500ms`, `1m30s`, `1.5h`: larger units first, each at most once. */
export function parseDuration(text: string, bounds: Bounds): Parsed<number> {
  if (!DURATION_PATTERN.test(text)) return refused(durationHint(text));
  let total = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|s|m|h)/g)) {
    const scale = MILLISECONDS[unit!]!;
    if (scale >= smallest) return refused('larger units first, each once: 1h30m');
    smallest = scale;
    total += Number(amount) * scale;
  }
  if (!Number.isInteger(total)) return refused('a millisecond is the smallest step');
  return within(total, bounds, durationScale);
}

/** Bytes of `512B`, `64KiB` (65,536) or `10MB` (10,000,000). */
export function parseSize(text: string, bounds: Bounds): Parsed<number> {
  if (!SIZE_PATTERN.test(text)) return refused(sizeHint(text));
  const unit = /[A-Za-z]+$/.exec(text)![0];
  const total = Number(text.slice(0, -unit.length)) * BYTES[unit]!;
  if (!Number.isInteger(total)) return refused('a byte is the smallest step');
  return within(total, bounds, sizeScale);
}

/** For a number where a duration is due. */
export function unitHint(kind: 'duration' | 'size', amount: number): string {
  return kind === 'duration'
    ? `a number needs its unit: ${amount}ms or ${amount}s?`
    : `a number needs its unit: ${amount}B or ${amount}MiB?`;
}

type Scale = (text: string) => number;

const durationScale: Scale = (text) => {
  const [, amount, unit] = /^(\d+)(ms|s|m|h)$/.exec(text)!;
  return Number(amount) * MILLISECONDS[unit!]!;
};

const sizeScale: Scale = (text) => {
  const [, amount, unit] = /^(\d+)([A-Za-z]+)$/.exec(text)!;
  return Number(amount) * BYTES[unit!]!;
};

function within(total: number, { min, max }: Bounds, scale: Scale): Parsed<number> {
  if (total < scale(min)) return refused(`the least is ${min}`);
  if (total > scale(max)) return refused(`the most is ${max}`);
  return accepted(total);
}

function durationHint(text: string): string | undefined {
  const letters = lettersInNumber(text.replace(/(?:ms|s|m|h)$/, ''));
  if (letters !== null) return letters;
  if (/^\d+(?:\.\d+)?$/.test(text)) return unitHint('duration', Number(text));
  if (/^-/.test(text)) return 'a duration is not negative';
  const tight = text.replace(/\s+/g, '');
  if (tight !== text && DURATION_PATTERN.test(tight)) return `no spaces in it: ${tight}`;
  const word = /^(\d+)(sec|second|min|minute|hour|hr|day|d|w)s?$/i.exec(tight);
  if (word) return spelledOut(Number(word[1]), word[2]!.toLowerCase());
  if (/^[\d.]+(?:MS|S|M|H)$/.test(text)) return `units are in lower case: ${text.toLowerCase()}`;
  return undefined;
}

function spelledOut(amount: number, word: string): string {
  if (word === 'd' || word === 'day') return `the largest unit is the hour: ${amount * 24}h`;
  if (word === 'w') return `the largest unit is the hour: ${amount * 168}h`;
  return `units are ms, s, m and h: ${amount}${word.charAt(0)}`;
}

function sizeHint(text: string): string | undefined {
  const letters = lettersInNumber(text.replace(/[kKMGT]?i?B$/, ''));
  if (letters !== null) return letters;
  if (/^\d+(?:\.\d+)?$/.test(text)) return unitHint('size', Number(text));
  if (/^-/.test(text)) return 'a size is not negative';
  const tight = text.replace(/\s+/g, '');
  if (tight !== text && SIZE_PATTERN.test(tight)) return `no spaces in it: ${tight}`;
  const short = /^(\d+(?:\.\d+)?)([kmgt])(?:i?b)?$/i.exec(tight);
  if (short) return sizeChoice(short[1]!, short[2]!.toUpperCase());
  return undefined;
}

function sizeChoice(amount: string, letter: string): string {
  const decimal = letter === 'K' ? 'kB' : `${letter}B`;
  return `${amount}${letter}iB counts by 1024, ${amount}${decimal} by 1000`;
}
