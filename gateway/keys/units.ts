/** Durations, sizes and shares with units: `1m30s`, `64KiB`, `20%`. */

import { lettersInNumber } from './hint.ts';
import { accepted, type ParseResult, refused } from './parse-result.ts';

/** Both ends are allowed. */
export interface Bounds {
  readonly min: string;
  readonly max: string;
}

const MILLISECONDS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

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

const DURATION_PATTERN = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
/** For editors: larger units first, each at most once. */
export const DURATION_IN_ORDER = new RegExp(
  String.raw`^(?=\d)${['d', 'h', 'm(?!s)', 's', 'ms'].map((unit) => String.raw`(?:\d+(?:\.\d+)?${unit})?`).join('')}$`,
);
export const SIZE_PATTERN = /^\d+(?:\.\d+)?(?:B|[kK]B|[MGT]B|[KMGT]iB)$/;
const PERCENT_PATTERN = /^\d+(?:\.\d+)?%$/;

/** Milliseconds of `2s`, `500ms`, `1m30s`, `1.5h`: larger units first, each at most once. */
export function parseDuration(text: string, bounds: Bounds): ParseResult<number> {
  if (!DURATION_PATTERN.test(text)) return refused(durationHint(text, bounds));
  let total = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)) {
    const scale = MILLISECONDS[unit!]!;
    if (scale >= smallest) return refused('larger units first, each once: 1h30m');
    smallest = scale;
    total += Number(amount) * scale;
  }
  if (!Number.isInteger(total)) return refused('a millisecond is the smallest step');
  return within(total, bounds, durationScale);
}

/** Bytes of `512B`, `64KiB` (65,536) or `10MB` (10,000,000). */
export function parseSize(text: string, bounds: Bounds): ParseResult<number> {
  if (!SIZE_PATTERN.test(text)) return refused(sizeHint(text, bounds));
  const unit = /[A-Za-z]+$/.exec(text)![0];
  const total = Number(text.slice(0, -unit.length)) * BYTES[unit]!;
  if (!Number.isInteger(total)) return refused('a byte is the smallest step');
  return within(total, bounds, sizeScale);
}

/** A share from 0 to 1 of `20%`, `0.5%`. */
export function parsePercent(text: string, bounds: Bounds): ParseResult<number> {
  if (!PERCENT_PATTERN.test(text)) return refused(percentHint(text));
  const digits = text.slice(0, -1);
  const inBounds = within(Number(digits), bounds, percentScale);
  // Division would make 0.33299999999999996 of 33.3%.
  return inBounds.ok ? accepted(Number(`${digits}e-2`)) : inBounds;
}

/** The unit that a bare number lacks. */
export type Unit = 'duration' | 'size' | 'percent';

/** For a number where its unit is missing. Offers what is within the bounds. */
export function unitHint(kind: Unit, amount: number, bounds: Bounds): string {
  if (kind === 'percent') return shareHint(amount);
  const [parse, units] = kind === 'duration' ? [parseDuration, ['ms', 's', 'm']] : [parseSize, ['B', 'MiB']];
  const fitting = units.map((unit) => `${amount}${unit}`).filter((text) => parse(text, bounds).ok);
  const offered = fitting.slice(0, 2).join(' or ');
  return offered === '' ? 'a number needs its unit' : `a number needs its unit: ${offered}?`;
}

/** The shortest way to write it that is exact: `1500` is `1500ms`, `90000` is `90s`. */
export function durationText(ms: number): string {
  const units = Object.entries(MILLISECONDS);
  const [unit, scale] = units.find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / scale}${unit}`;
}

type Scale = (text: string) => number;

const durationScale: Scale = (text) => {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text)!;
  return Number(amount) * MILLISECONDS[unit!]!;
};

const sizeScale: Scale = (text) => {
  const [, amount, unit] = /^(\d+)([A-Za-z]+)$/.exec(text)!;
  return Number(amount) * BYTES[unit!]!;
};

const percentScale: Scale = (text) => Number(text.slice(0, -1));

function within(total: number, { min, max }: Bounds, scale: Scale): ParseResult<number> {
  if (total < scale(min)) return refused(`the least is ${min}`);
  if (total > scale(max)) return refused(`the most is ${max}`);
  return accepted(total);
}

function durationHint(text: string, bounds: Bounds): string | undefined {
  const letters = lettersInNumber(text.replace(/(?:ms|s|m|h|d)$/, ''));
  if (letters !== null) return letters;
  if (/^\d+(?:\.\d+)?$/.test(text)) return unitHint('duration', Number(text), bounds);
  if (/^-/.test(text)) return 'a duration is not negative';
  const tight = text.replace(/\s+/g, '');
  if (tight !== text && DURATION_PATTERN.test(tight)) return `no spaces in it: ${tight}`;
  const word = /^(\d+)(sec|second|min|minute|hour|hr|day|week|w)s?$/i.exec(tight);
  if (word) return spelledOut(Number(word[1]), word[2]!.toLowerCase());
  if (/^[\d.]+(?:MS|S|M|H|D)$/.test(text)) return `units are in lower case: ${text.toLowerCase()}`;
  return undefined;
}

function spelledOut(amount: number, word: string): string {
  if (word.startsWith('w')) return `the largest unit is the day: ${amount * 7}d`;
  return `units are ms, s, m, h and d: ${amount}${word.charAt(0)}`;
}

function sizeHint(text: string, bounds: Bounds): string | undefined {
  const letters = lettersInNumber(text.replace(/[kKMGT]?i?B$/, ''));
  if (letters !== null) return letters;
  if (/^\d+(?:\.\d+)?$/.test(text)) return unitHint('size', Number(text), bounds);
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

function percentHint(text: string): string | undefined {
  const letters = lettersInNumber(text.replace(/%$/, ''));
  if (letters !== null) return letters;
  if (/^\d+(?:\.\d+)?$/.test(text)) return shareHint(Number(text));
  if (/^-/.test(text)) return 'a share is not negative';
  const tight = text.replace(/\s+/g, '').replace(/percent$|pct$/i, '%');
  if (tight === text) return undefined;
  return PERCENT_PATTERN.test(tight) ? `written ${tight}` : undefined;
}

/** `0.2` is a fraction, `20` a percentage; `1` is ambiguous. */
function shareHint(amount: number): string {
  if (amount === 1) return 'a share is written in percent: 1% or 100%?';
  const percent = amount > 0 && amount < 1 ? Number((amount * 100).toPrecision(12)) : amount;
  return `a share is written in percent: ${percent}%?`;
}
