import { expect, test } from 'vitest';
import { renderPlot } from './plot.ts';
import { sample, sampleResult } from './sample-result.ts';

const svg = (...samples: Parameters<typeof sampleResult>[0]) =>
  renderPlot(sampleResult(samples), 'portway', 'nginx');

function widthOf(picture: string, kind: string): number {
  return Number(new RegExp(`class="${kind}"[^>]* width="([\\d.]+)"`).exec(picture)?.[1]);
}

test('bars are as long as what they cost, and say it', () => {
  const picture = svg(sample('nginx', 1, 12), sample('portway', 1, 30));
  expect(widthOf(picture, 'own') / widthOf(picture, 'other')).toBeCloseTo(2.5);
  expect(picture).toContain('>2.50×, 30.0 µs<');
});

test('an invalid row has no bar', () => {
  const picture = svg(sample('nginx', 1, 12), sample('portway', 1, 30, ['7 answers of status 400']));
  expect(picture).not.toContain('class="own"');
});
