import type { Random } from '../testing/random.ts';

/** Makes something else of a text, in one small way. */
type Mutation = (text: string, random: Random) => string;

const ODD = [
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '-',
  '+',
  '0',
  '1',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  '"',
  '%',
  '/',
  '\\',
  '#',
  '.',
];

const TOKENS = [
  '\r\n',
  '\r\n\r\n',
  '\n\n',
  '\r\r\n',
  '0\r\n\r\n',
  '\r\n ',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'content-length:\t5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding: chunked, chunked\r\n',
  'Transfer-Encoding: xchunked\r\n',
  'Host: b.test\r\n',
  'Connection: close\r\n',
  'Proxy-Connection: close\r\n',
  'Connection: content-length, transfer-encoding, host\r\n',
  'Upgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
  'X-Forwarded-For: 10.0.0.1\r\n',
  'X_Forwarded_For: 10.0.0.1\r\n',
  'GET /b/smuggled HTTP/1.1\r\nHost: gateway.test\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.0',
  'HTTP/2.0',
  '/../',
  '/..;/',
  '%2e%2e/',
  '%00',
  'fffffffff',
  '0x',
  '99999999999999999999',
];

const mutations: readonly Mutation[] = [
  (text, random) => splice(text, random.below(text.length + 1), 0, random.pick(ODD)),
  (text, random) => splice(text, random.below(text.length), 1, random.pick(ODD)),
  (text, random) => splice(text, random.below(text.length), 1 + random.below(3), ''),
  (text, random) => splice(text, random.below(text.length), 1, String.fromCharCode(random.below(256))),
  (text, random) => splice(text, random.below(text.length + 1), 0, random.pick(TOKENS)),
  (text, random) => splice(text, lineStart(text, random), 0, random.pick(TOKENS)),
  (text, random) => splice(text, lineStart(text, random), 0, random.pick(TOKENS)),
  (text, random) => withLine(text, random, (line) => line + line),
  (text, random) => withLine(text, random, () => ''),
  (text, random) =>
    withLine(text, random, (line) => line.replace('\r\n', random.pick(['\n', '\r', '\r\r\n', '']))),
  (text, random) => withLine(text, random, (line) => line.toUpperCase()),
  (text, random) =>
    withLine(text, random, (line) => line.replace(': ', random.pick([':', ' : ', ':\t', ':  ', ':\r\n ']))),
  (text, random) => withNumber(text, random, (number) => String(number + random.pick([-1, 1, 2, 16]))),
  (text, random) =>
    withNumber(text, random, (number) =>
      random.pick([`0${number}`, `+${number}`, `-${number}`, `${number} `, `0x${number}`]),
    ),
  (text, random) => text.slice(0, random.below(text.length) + 1),
  (text, random) => text + text.slice(random.below(text.length)),
  (text, random) => splice(text, random.below(text.length), 0, 'x'.repeat(random.pick([100, 5_000, 20_000]))),
];

/** The text with up to four mutations; none in one of eight, so that valid traffic is there too. */
export function mutate(text: string, random: Random): string {
  if (random.oneIn(8)) return text;
  let mutated = text;
  for (let left = 1 + random.below(4); left > 0; left--) {
    // Long insertions cost time and find one thing.
    const choice = random.oneIn(20) ? mutations.length : mutations.length - 1;
    mutated = mutations[random.below(choice)]!(mutated, random);
    if (mutated.length === 0) return text;
  }
  return mutated;
}

/** The same bytes in up to six pieces, or, once in a while, one by one. */
export function cut(text: string, random: Random): string[] {
  if (random.oneIn(3)) return [text];
  if (random.oneIn(20) && text.length < 400) return [...text];
  const places = Array.from({ length: 1 + random.below(5) }, () => random.below(text.length + 1)).sort(
    (a, b) => a - b,
  );
  const ends = [...places, text.length];
  return ends.map((end, at) => text.slice(ends[at - 1] ?? 0, end)).filter((part) => part !== '');
}

function splice(text: string, at: number, removed: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at + removed);
}

function lineStart(text: string, random: Random): number {
  const near = text.indexOf('\n', random.below(text.length));
  return near === -1 ? 0 : near + 1;
}

function withLine(text: string, random: Random, change: (line: string) => string): string {
  const start = lineStart(text, random);
  const end = text.indexOf('\n', start);
  const stop = end === -1 ? text.length : end + 1;
  return text.slice(0, start) + change(text.slice(start, stop)) + text.slice(stop);
}

function withNumber(text: string, random: Random, change: (number: number) => string): string {
  const numbers = [...text.matchAll(/\b\d{1,9}\b/g)];
  if (numbers.length === 0) return text;
  const { index, 0: digits } = random.pick(numbers);
  return splice(text, index, digits.length, change(Number(digits)));
}
