import { describe, expect, it } from 'vitest';
import { dark, light, type Palette, style } from './style.ts';

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(a: string, b: string): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (lighter! + 0.05) / (darker! + 0.05);
}

const texts = ['text', 'quiet', 'link', 'up', 'partly', 'down'] as const;

describe.each([
  { name: 'light', palette: light as Palette },
  { name: 'dark', palette: dark as Palette },
])('in the $name', ({ palette }) => {
  it.each(texts)('%s can be read on the page and on a card (WCAG AA)', (text) => {
    expect(contrast(palette[text], palette.ground)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette[text], palette.raised)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['text', 'down'] as const)('%s can be read in a notice', (text) => {
    expect(contrast(palette[text], palette.alarm)).toBeGreaterThanOrEqual(4.5);
  });
});

describe('the style', () => {
  it('loads nothing', () => {
    expect(style).not.toMatch(/url\(|@import|@font-face/);
  });
});
