import { expect, test } from 'vitest';
import { MetricsText } from './metrics-text.ts';

const histogram = (buckets: string, count = 3) =>
  `# HELP h Help.\n# TYPE h histogram\n${buckets}\nh_sum 0.5\nh_count ${count}\n`;

test('reads names, labels with everything in them, and numbers', () => {
  const text = new MetricsText(
    '# HELP a_total What a is.\n# TYPE a_total counter\na_total{x="1,2",y="q\\"\\\\\\n}"} 2\na_total{x="",y="z"} 1e3\n\n# HELP b B.\n# TYPE b gauge\nb -1.5\n',
  );
  const seen = text.samples('a_total', { x: '1,2' });
  expect(seen).toEqual([{ name: 'a_total', labels: { x: '1,2', y: 'q"\\\n}' }, value: 2 }]);
  expect(text.sum('a_total')).toBe(1002);
  expect(text.sum('b')).toBe(-1.5);
  expect(() => text.sum('c')).toThrow('no metric c');
});

test('reads histograms', () => {
  expect(new MetricsText(histogram('h_bucket{le="0.1"} 1\nh_bucket{le="+Inf"} 3')).sum('h_count')).toBe(3);
});

test.each([
  ['no line at the end', '# HELP a A.\n# TYPE a gauge\na 1'],
  ['a sample of another metric', '# HELP a A.\n# TYPE a gauge\nb 1\n'],
  ['a metric twice', '# HELP a A.\n# TYPE a gauge\na 1\n# HELP a A.\n# TYPE a gauge\na 2\n'],
  ['a series twice', '# HELP a A.\n# TYPE a gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 1\n'],
  ['a label twice', '# HELP a A.\n# TYPE a gauge\na{x="1",x="2"} 1\n'],
  ['a quotation mark in a label', '# HELP a A.\n# TYPE a gauge\na{x="1"2"} 1\n'],
  ['a comma behind the labels', '# HELP a A.\n# TYPE a gauge\na{x="1",} 1\n'],
  ['a word for a number', '# HELP a A.\n# TYPE a gauge\na undefined\n'],
  ['a counter below nothing', '# HELP a A.\n# TYPE a counter\na -1\n'],
  ['an unknown type', '# HELP a A.\n# TYPE a number\na 1\n'],
  ['no help', '# TYPE a gauge\na 1\n'],
  ['falling buckets', histogram('h_bucket{le="0.1"} 4\nh_bucket{le="+Inf"} 3')],
  ['buckets out of order', histogram('h_bucket{le="+Inf"} 3\nh_bucket{le="0.1"} 3')],
  ['another count than that of all buckets', histogram('h_bucket{le="+Inf"} 3', 4)],
])('refuses %s', (_, text) => {
  expect(() => new MetricsText(text)).toThrow();
});
