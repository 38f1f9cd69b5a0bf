import { connect, get } from './raw-client.ts';
/** A strict reader of Prometheus's text format, version 0.0.4: what it does not understand, or what contradicts itself, is an error. */

export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly type: string;
  readonly samples: MetricSample[];
}

export class MetricsText {
  readonly families: ReadonlyMap<string, Family>;

  /** @throws with the line that is wrong. */
  constructor(text: string) {
    this.families = familiesIn(text);
    for (const [name, family] of this.families) {
      refuseDoubles(family.samples);
      if (family.type === 'histogram') checkHistogram(name, family.samples);
    }
  }

  /** Samples of this very name (`x_count`, too) whose labels have at least these values. */
  samples(name: string, labels: MetricSample['labels'] = {}): MetricSample[] {
    const family = this.families.get(name) ?? this.families.get(name.replace(/_(bucket|sum|count)$/, ''));
    if (!family) throw new Error(`there is no metric ${name}`);
    return family.samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  }

  /** The sum of those; 0 where there are none. */
  sum(name: string, labels: MetricSample['labels'] = {}): number {
    return this.samples(name, labels).reduce((sum, { value }) => sum + value, 0);
  }
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,(?=.)|$)/y;
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)$/i;
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

function familiesIn(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the text does not end with its last line');
  const families = new Map<string, Family>();
  const helped = new Set<string>();
  let current: { name: string; family: Family } | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (!NAME.test(name) || helped.has(name)) throw new Error(`a second help, or a bad name: ${line}`);
      helped.add(name);
    } else if (keyword === 'TYPE') {
      if (!helped.has(name) || families.has(name) || !TYPES.includes(rest))
        throw new Error(`a type out of place: ${line}`);
      current = { name, family: { type: rest, samples: [] } };
      families.set(name, current.family);
    } else current!.family.samples.push(sampleIn(line, current!));
  }
  return families;
}

function sampleIn(
  line: string,
  { name: familyName, family }: { name: string; family: Family },
): MetricSample {
  const [, name = '', labelText, value = ''] = SAMPLE.exec(line) ?? [];
  const suffixes = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!suffixes.some((suffix) => name === familyName + suffix))
    throw new Error(`not a sample of ${familyName}: ${line}`);
  if (!NUMBER.test(value)) throw new Error(`not a number: ${line}`);
  const sample = {
    name,
    labels: labelsIn(labelText ?? '', line),
    value: Number(value.replace('Inf', 'Infinity')),
  };
  if (family.type !== 'gauge' && !(sample.value >= 0))
    throw new Error(`it can't be less than nothing: ${line}`);
  return sample;
}

function labelsIn(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? [];
    if (name === '' || name in labels) throw new Error(`labels that can't be read: ${line}`);
    labels[name] = value.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function refuseDoubles(samples: readonly MetricSample[]): void {
  const seen = new Set<string>();
  for (const { name, labels } of samples) {
    const key = name + JSON.stringify(Object.entries(labels).sort());
    if (seen.has(key)) throw new Error(`the same series twice: ${key}`);
    seen.add(key);
  }
}

/** Buckets hold those before them, and the last one holds all. */
function checkHistogram(name: string, samples: readonly MetricSample[]): void {
  const series = new Map<string, MetricSample[]>();
  for (const sample of samples) {
    const { le: _le, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [labels, all] of series) {
    const buckets = all.filter((one) => one.name === `${name}_bucket`);
    const bounds = buckets.map((one) => Number(one.labels.le?.replace('+Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    const count = all.find((one) => one.name === `${name}_count`)?.value;
    const rises = (values: readonly number[]) =>
      values.every((value, at) => at === 0 || value >= values[at - 1]!);
    if (!rises(bounds) || !rises(counts) || bounds.at(-1) !== Infinity || counts.at(-1) !== count)
      throw new Error(`${name}${labels} is no histogram: ${JSON.stringify(all)}`);
    if (!all.some((one) => one.name === `${name}_sum`)) throw new Error(`${name}${labels} has no sum`);
  }
}

/** Reads `GET /metrics` of an admin listener. */
export async function scrape(adminPort: number): Promise<MetricsText> {
  const client = await connect(adminPort);
  const answer = await client.exchange(get('/metrics', 'Host: localhost'), 15_000);
  client.destroy();
  const type = answer.head.value('content-type');
  if (answer.status !== 200 || type !== 'text/plain; version=0.0.4; charset=utf-8')
    throw new Error(`${answer.status} ${type}: ${answer.text}`);
  return new MetricsText(answer.text);
}
