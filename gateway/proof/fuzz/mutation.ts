import fc from 'fast-check';

/** Makes something else of a text, in one small way. */
type Change = (text: string) => string;

const ODD = '\r\n\0 \t:;,-+01\x0b\x7f\x80\xff"%/\\#.';

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

const odd = fc.constantFrom(...ODD);
const token = fc.constantFrom(...TOKENS);
const byte = fc.nat(255).map((code) => String.fromCharCode(code));
const nothing = fc.constant('');

/** Puts a text in the place of so many bytes. */
function instead(added: fc.Arbitrary<string>, removed: fc.Arbitrary<number>): fc.Arbitrary<Change> {
  return fc.tuple(fc.nat(), added, removed).map(([place, put, gone]) => (text) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + put + text.slice(at + gone);
  });
}

/** Changes one line with one of the choices. */
function ofLine<Choice>(
  choices: readonly Choice[],
  change: (line: string, choice: Choice) => string,
): fc.Arbitrary<Change> {
  return fc.tuple(fc.nat(), fc.constantFrom(...choices)).map(([place, choice]) => (text) => {
    const start = text.indexOf('\n', place % text.length) + 1;
    const end = text.indexOf('\n', start) + 1 || text.length;
    return text.slice(0, start) + change(text.slice(start, end), choice) + text.slice(end);
  });
}

/** Makes something else of a number that stands in it. */
function ofNumber(...changes: readonly ((number: number) => string)[]): fc.Arbitrary<Change> {
  return fc.tuple(fc.nat(), fc.constantFrom(...changes)).map(([place, change]) => (text) => {
    const numbers = [...text.matchAll(/\b\d{1,9}\b/g)];
    if (numbers.length === 0) return text;
    const { index, 0: digits } = numbers[place % numbers.length]!;
    return text.slice(0, index) + change(Number(digits)) + text.slice(index + digits.length);
  });
}

const none = fc.constant(0);
const one = fc.constant(1);

const common: readonly fc.Arbitrary<Change>[] = [
  instead(odd, none),
  instead(odd, one),
  instead(nothing, fc.integer({ min: 1, max: 3 })),
  instead(byte, one),
  instead(token, none),
  ofLine(TOKENS, (line, choice) => choice + line),
  ofLine(TOKENS, (line, choice) => choice + line),
  ofLine([''], (line) => line + line),
  ofLine([''], () => ''),
  ofLine(['\n', '\r', '\r\r\n', ''], (line, end) => line.replace('\r\n', end)),
  ofLine([''], (line) => line.toUpperCase()),
  ofLine([':', ' : ', ':\t', ':  ', ':\r\n '], (line, colon) => line.replace(': ', colon)),
  ofNumber(...[-1, 1, 2, 16].map((more) => (number: number) => String(number + more))),
  ofNumber(
    ...['0#', '+#', '-#', '# ', '0x#'].map((form) => (number: number) => form.replace('#', `${number}`)),
  ),
  fc.nat().map((place) => (text) => text.slice(0, (place % text.length) + 1)),
  fc.nat().map((place) => (text) => text + text.slice(place % text.length)),
];

/** Long insertions cost time and find one thing. */
const long = instead(
  fc.constantFrom(100, 5_000, 20_000).map((length) => 'x'.repeat(length)),
  none,
);

const change = fc.oneof(...common.map((arbitrary) => ({ arbitrary, weight: 20 })), {
  arbitrary: long,
  weight: 16,
});

/** No change in one of eight, so that valid traffic is there too. */
const changes = fc.oneof(
  { arbitrary: fc.constant<Change[]>([]), weight: 1 },
  { arbitrary: fc.array(change, { minLength: 1, maxLength: 4 }), weight: 7 },
);

/** In one piece, in up to six, or, once in a while, one by one. */
const cut = fc.oneof(
  { arbitrary: fc.constant((text: string) => [text]), weight: 10 },
  { arbitrary: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }).map(pieces), weight: 19 },
  { arbitrary: fc.constant((text: string) => (text.length < 400 ? [...text] : [text])), weight: 1 },
);

function pieces(places: readonly number[]): (text: string) => string[] {
  return (text) => {
    const ends = [...places.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
    return ends.map((end, at) => text.slice(ends[at - 1] ?? 0, end)).filter((part) => part !== '');
  };
}

/** Of valid texts, with up to four changes, and cut into pieces. It shrinks to fewer of both. */
export function mutated(valid: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc
    .tuple(valid, changes, cut)
    .map(([text, list, cutter]) => cutter(list.reduce((before, each) => each(before) || before, text)));
}
