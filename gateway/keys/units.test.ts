import { describe, expect, it } from 'vitest';
import { parseDuration, parsePercent, parseSize } from './units.ts';

const ANY_TIME = { min: '1ms', max: '1000h' };
const ANY_SIZE = { min: '0B', max: '1024TiB' };

describe('a duration in milliseconds', () => {
  it.each([
    ['1ms', 1],
    ['500ms', 500],
    ['2s', 2000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['1m30s', 90_000],
    ['1h1m1s1ms', 3_661_001],
    ['1.5s', 1500],
    ['0.5h', 1_800_000],
    ['90m', 5_400_000],
    ['2d', 172_800_000],
    ['1d12h', 129_600_000],
  ])('%s', (text, value) => {
    expect(parseDuration(text, ANY_TIME)).toEqual({ ok: true, value });
  });

  it.each([
    ['', undefined],
    ['s', undefined],
    ['soon', undefined],
    ['2', 'a number needs its unit: 2ms or 2s?'],
    ['2S', 'units are in lower case: 2s'],
    ['2 s', 'no spaces in it: 2s'],
    ['2sec', 'units are ms, s, m, h and d: 2s'],
    ['3 minutes', 'units are ms, s, m, h and d: 3m'],
    ['2D', 'units are in lower case: 2d'],
    ['3 days', 'units are ms, s, m, h and d: 3d'],
    ['1w', 'the largest unit is the day: 7d'],
    ['-2s', 'a duration is not negative'],
    ['3Os', 'a letter O instead of a zero?'],
    ['1s1m', 'larger units first, each once: 1h30m'],
    ['1s1s', 'larger units first, each once: 1h30m'],
    ['0.5ms', 'a millisecond is the smallest step'],
  ])('%j is refused', (text, hint) => {
    expect(parseDuration(text, ANY_TIME)).toEqual(hint === undefined ? { ok: false } : { ok: false, hint });
  });
});

describe('a share', () => {
  const ANY_SHARE = { min: '0%', max: '100%' };

  it.each([
    ['0%', 0],
    ['0.5%', 0.005],
    ['20%', 0.2],
    ['33.3%', 0.333],
    ['100%', 1],
  ])('%s', (text, value) => {
    expect(parsePercent(text, ANY_SHARE)).toEqual({ ok: true, value });
  });

  it.each([
    ['', undefined],
    ['half', undefined],
    ['0.2', 'a share is written in percent: 20%?'],
    ['0.07', 'a share is written in percent: 7%?'],
    ['20', 'a share is written in percent: 20%?'],
    ['1', 'a share is written in percent: 1% or 100%?'],
    ['20 %', 'written 20%'],
    ['20 percent', 'written 20%'],
    ['-5%', 'a share is not negative'],
    ['2O%', 'a letter O instead of a zero?'],
    ['101%', 'the most is 100%'],
  ])('%j is refused', (text, hint) => {
    expect(parsePercent(text, ANY_SHARE)).toEqual(hint === undefined ? { ok: false } : { ok: false, hint });
  });
});

describe('a size in bytes', () => {
  it.each([
    ['0B', 0],
    ['512B', 512],
    ['1kB', 1000],
    ['1KB', 1000],
    ['64KiB', 65_536],
    ['10MB', 10_000_000],
    ['1MiB', 1_048_576],
    ['1.5GiB', 1_610_612_736],
    ['2TB', 2_000_000_000_000],
    ['1024TiB', 1_125_899_906_842_624],
  ])('%s', (text, value) => {
    expect(parseSize(text, ANY_SIZE)).toEqual({ ok: true, value });
  });

  it.each([
    ['', undefined],
    ['much', undefined],
    ['10', 'a number needs its unit: 10B or 10MiB?'],
    ['10m', '10MiB counts by 1024, 10MB by 1000'],
    ['10k', '10KiB counts by 1024, 10kB by 1000'],
    ['10mb', '10MiB counts by 1024, 10MB by 1000'],
    ['10 MB', 'no spaces in it: 10MB'],
    ['-1B', 'a size is not negative'],
    ['1OMB', 'a letter O instead of a zero?'],
    ['0.5B', 'a byte is the smallest step'],
  ])('%j is refused', (text, hint) => {
    expect(parseSize(text, ANY_SIZE)).toEqual(hint === undefined ? { ok: false } : { ok: false, hint });
  });
});

describe('both ends of the bounds are allowed', () => {
  const bounds = { min: '1s', max: '1m' };

  it.each([
    ['999ms', { ok: false, hint: 'the least is 1s' }],
    ['1s', { ok: true, value: 1000 }],
    ['1m', { ok: true, value: 60_000 }],
    ['1m1ms', { ok: false, hint: 'the most is 1m' }],
  ])('%s', (text, result) => {
    expect(parseDuration(text, bounds)).toEqual(result);
  });
});
