import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutMembers } from './secret-members.ts';

test('members of JSON are hidden in a text, cut off, or as a text within JSON', () => {
  const inner = JSON.stringify({ user: 'ann', password: 'a"secret\\', token: 123_456 });
  const hidden = '{"user":"ann","password":"(not shown)","token":"(not shown)"}';
  expect(withoutMembers(`data: ${inner}\n\n`)).toBe(`data: ${hidden}\n\n`);
  const [outer, shown] = [JSON.stringify({ inner }), JSON.stringify({ inner: hidden })];
  expect(withoutMembers(outer)).toBe(shown);
  expect(withoutMembers(outer.slice(0, outer.indexOf('secret') + 3))).not.toContain('sec');
});

test.each([
  ['{"tokens":["S","S"],"a":1', '{"tokens":"(not shown)","a":1'],
  ['{"credentials":{"a":"}S"},"a":1', '{"credentials":"(not shown)","a":1'],
  [String.raw`{"p\u0061ssword" : "S","a":1`, String.raw`{"p\u0061ssword":"(not shown)","a":1`],
  [`{'password': 'S\\'"S', 'a': 1}`, `{'password':'(not shown)', 'a': 1}`],
  ['ord":1,"password":"S","token":5S', 'ord":1,"password":"(not shown)","token":"(not shown)"'],
  [String.raw`{\u0022token\u0022:\u0022S\u0022}`, String.raw`{\u0022token\u0022:\u0022(not shown)\u0022}`],
  ['word":"S","token":', 'word":"S","token":'],
  [`{'password': b"S'S", 'a': 1}`, `{'password':'(not shown)', 'a': 1}`],
  [`{'tokens': ('S', 'S'), 'key': SecretStr('S')}`, `{'tokens':'(not shown)', 'key':'(not shown)'}`],
  ['{"token"=>"S", "a"=>1}', '{"token":"(not shown)", "a"=>1}'],
  ["{ a: 1, token: 'S', pin: 5S }", '{ a: 1, token: (not shown), pin: (not shown)}'],
  ['query { me(token: "S") { id } }', 'query { me(token: (not shown)) { id } }'],
  ['user: ann\npassword: S, S: "S\n a: 1', 'user: ann\npassword: (not shown)'],
  ['tokens:\n- S\n- S\na: 1', 'tokens: (not shown)\na: 1'],
  ['- "password": S S\n  a: 1', '- "password":"(not shown)"\n  a: 1'],
  ['a:\n  key: |\n    S\n\n    S\n  b: 1', 'a:\n  key: (not shown)\n  b: 1'],
  ['token: "S\n S"\na: 1', 'token: (not shown)\na: 1'],
  ['Authorization: Basic S\r\nHost: a', 'Authorization: (not shown)\r\nHost: a'],
  [
    String.raw`{"a":"{\u0022b\u0022:\u0022pin: S\\n S\\nc: 1\u0022}"}`,
    String.raw`{"a":"{\u0022b\u0022:\u0022pin: (not shown)\\nc: 1\u0022}"}`,
  ],
  [
    String.raw`{"log":"pin: S\n S\n  S\na: \"1\"\ntoken: \"S\" S","a":1`,
    String.raw`{"log":"pin: (not shown)\na: \"1\"\ntoken: (not shown)","a":1`,
  ],
  [
    'a <k:Token a="b">S<token>S</token>\n</k:Token > <pin/>1<code>2',
    'a <k:Token a="b">(not shown)</k:Token > <pin/>1<code>2',
  ],
  [
    String.raw`{"a":"\u003cpin\u003eS<\/pin>\u003cpin>S`,
    String.raw`{"a":"\u003cpin\u003e(not shown)<\/pin>\u003cpin>(not shown)`,
  ],
  ['&lt;pin&gt;S&lt;/pin&gt;', '&lt;pin&gt;(not shown)&lt;/pin&gt;'],
  ['[db]\npassword = S S\n S\ndb.pin=S "S"\na=1', '[db]\npassword = (not shown)\ndb.pin=(not shown)\na=1'],
  ['token=5 user=ann&a', 'token=5 user=ann&a'],
  [
    '(\n  [pin] => S\n  [tokens] => Array\n    (\n      [0] => S\n    )\n  [a] => 1',
    '(\n  [pin] => (not shown)\n  [tokens] => (not shown)\n  [a] => 1',
  ],
  ['{\n  ["pin"]=>\n  string(3) "S\nS"\n  ["a"]=>\n', '{\n  ["pin":"(not shown)"\n  ["a"]=>\n'],
  [
    '- !!str "pin": |\n    S, S\n  !a &b pin: S\n   S\n  a: 1',
    '- !!str "pin":"(not shown)"\n  !a &b pin: (not shown)\n  a: 1',
  ],
  [
    '(\n  [pin:protected] => S\n  [key:App\\User:private] => S\n  [a:protected] => 1',
    '(\n  [pin:protected] => (not shown)\n  [key:App\\User:private] => (not shown)\n  [a:protected] => 1',
  ],
  [
    '  ["pin":protected]=>\n  &string(1) "S"\n  ["key":"App\\User":private]=>\n  object(Key)#2 (1) {\n    ["k"]=>\n    string(1) "S"\n  }\n  ["a"]=>\n',
    '  ["pin":"(not shown)"\n  ["key":"(not shown)"\n  ["a"]=>\n',
  ],
  [
    String.raw`{"a":"[\"key\":\"U\":private]=>\n  string(1) \"S\"\n","b":1}`,
    String.raw`{"a":"[\"key\":\"(not shown)\"\n","b":1}`,
  ],
  ['<pin><![CDATA[S</pin><pin>S]]></pin><a>1', '<pin>(not shown)</pin><a>1'],
  ['<pin><![CDATA[S</pin>S', '<pin>(not shown)'],
  [
    '- !<tag:yaml.org,2002:str> pin: S\n- !<a,b> "key": S\n   S',
    '- !<tag:yaml.org,2002:str> pin: (not shown)\n- !<a,b> "key":"(not shown)"',
  ],
  ["# [pin]=>\n 'S'\n# pin: S\n# a\n", '# [pin]=> (not shown)\n# pin: (not shown)\n# a\n'],
  ['? pin\n: S\n? "key"\n: S\na: 1', '? pin\n: (not shown)\n? "key":"(not shown)"\na: 1'],
  [
    '# pin = S S\n;key=S\n#token: S\na: 1',
    '# pin = (not shown)\n;key=(not shown)\n#token: (not shown)\na: 1',
  ],
  ['#<User password: "S", id: 1>', '#<User password: (not shown), id: 1>'],
  ['{"code": "no_route", "key": "no_route"}', '{"code": "no_route", "key":"(not shown)"}'],
  ['{"code": "constructor", "a": 1}', '{"code":"(not shown)", "a": 1}'],
  ['error code: 1, at 12:30, see https://a/state:1', 'error code: 1, at 12:30, see https://a/state:1'],
])('%s is shown as %s', (text, shown) => {
  expect(withoutMembers(text)).toBe(shown);
});

/** The same ones each time. */
const RUNS = { numRuns: 200, seed: 13 };

/** What could be taken for the end of a string, of a name, or of a value. */
const awkward = fc.string({ unit: fc.constantFrom(...`\\"'{}[]:, \nab`), maxLength: 5 });
const secretText = fc.tuple(awkward, awkward).map((around) => around.join('Ω'));
const secret = fc.oneof(
  secretText,
  fc.array(secretText, { maxLength: 3 }),
  fc.dictionary(awkward, fc.oneof(secretText, fc.array(secretText)), { maxKeys: 2 }),
);

const quoted = (text: string) => JSON.stringify({ a: text, b: 1 });
/** As .NET does. */
const quotedByNumber = (text: string) =>
  quoted(text).replace(/\\(.)/g, (pair) => (pair === '\\"' ? '\\u0022' : pair));
const nested = fc.array(fc.constantFrom(quoted, quotedByNumber), { maxLength: 3 });

function inPython(value: unknown): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
  if (Array.isArray(value)) return `[${value.map(inPython).join(', ')}]`;
  return `{${Object.entries(value as object)
    .map((member) => member.map(inPython).join(': '))
    .join(', ')}}`;
}

const written = fc.constantFrom(
  JSON.stringify,
  (value: unknown) => JSON.stringify(value, null, '\t'),
  (value: unknown) => JSON.stringify(value).replaceAll('assw', String.raw`a\u0073sw`),
  inPython,
);

test('no part of a secret is shown, wherever the text is cut off, however often it was quoted', () => {
  const name = fc.constantFrom('password', 'tokens', 'api_key', 'pin');
  const members = fc.tuple(awkward, awkward, name, secret, name, secret);
  fc.assert(
    fc.property(members, written, nested, ([a, b, first, one, second, other], write, quotes) => {
      const whole = quotes.reduce(
        (text, quote) => quote(text),
        write({ a, [first]: one, b, [second]: other }),
      );
      for (let length = whole.indexOf('Ω') + 1; length <= whole.length; length++)
        expect(withoutMembers(whole.slice(0, length))).not.toContain('Ω');
    }),
    RUNS,
  );
});

/** A text stands there as it is where it may, else quoted or in a block. */
function inYaml(value: unknown, indent = ''): string {
  if (typeof value === 'string') {
    if (/^[ab][ab ,]*$/.test(value.replaceAll('Ω', 'a'))) return value;
    return value.includes(':')
      ? `"${value.replaceAll('\n', `\n${indent} `)}"`
      : `|2\n${value.replace(/^/gm, `${indent}  `)}`;
  }
  if (Array.isArray(value)) return value.map((one) => `\n${indent}- ${inYaml(one, `${indent}  `)}`).join('');
  const members = Object.entries(value as object);
  return members.map(([name, one]) => `\n${indent}${name}: ${inYaml(one, `${indent}  `)}`).join('');
}

test('nor in YAML, nor in YAML that stands in JSON', () => {
  const text = fc.string({ unit: fc.constantFrom(...'{}[]:, -#\nab'), maxLength: 5 });
  const secret = fc.tuple(text, text).map((around) => around.join('Ω'));
  const nested = fc.oneof(secret, fc.array(secret), fc.record({ a: secret, b: fc.array(secret) }));
  const quoted = fc.constantFrom(String, (yaml: string) => JSON.stringify({ a: yaml }));
  fc.assert(
    fc.property(text, nested, nested, quoted, (a, password, pin, quote) => {
      const whole = quote(`begin: 1${inYaml({ a, password, list: ['a', 'b'], deeper: { pin, b: a } })}`);
      for (let length = whole.indexOf('Ω') + 1; length <= whole.length; length++)
        expect(withoutMembers(whole.slice(0, length))).not.toContain('Ω');
    }),
    RUNS,
  );
});

test('text under harmless names stays as it is', () => {
  const value = fc.dictionary(awkward, fc.oneof(awkward, fc.array(awkward)), { maxKeys: 4 });
  fc.assert(
    fc.property(value, written, nested, (value, write, quotes) => {
      const text = quotes.reduce((text, quote) => quote(text), write(value));
      expect(withoutMembers(text)).toBe(text);
    }),
    RUNS,
  );
});

test('behind a secret, the text around goes on', () => {
  const value = fc.tuple(secret, nested);
  fc.assert(
    fc.property(value, ([tokens, quotes]) => {
      const text = (value: unknown) =>
        quotes.reduce((text, quote) => quote(text), JSON.stringify({ a: 1, tokens: value, b: [2] }));
      expect(withoutMembers(text(tokens))).toBe(text('(not shown)'));
    }),
    RUNS,
  );
});

test('a text of nothing but what may begin a member, or end a value, is read in a moment', () => {
  for (const piece of [
    ...['\n', 'token:', '\ntoken:\n', '{token:', '(', '\n- ', '\\n', '\\ntoken:\\n', 'token: \n '],
    ...['<pin>', '<pin', '</pin>', '\n[pin]=>\n ', '["pin"]=>', '\npin = a', '\n!a pin:\n ', '\na='],
    ...['\n[pin:', '["pin":"', '#<a ', '#', '? pin\n', '<pin><![CDATA[', ']]>', '!<a,', 'object(a'],
    '{"',
    '\\',
    "'",
    '":',
    '"token":',
    '"token":[',
    "'\\':",
    '\\u0022:',
    '"\\n',
    ' ',
    '"token":"\\"',
  ]) {
    const text = piece.repeat(200_000 / piece.length);
    // Were it read again for each piece, this would take longer than a test may.
    for (const hostile of [`"${text}`, `"token":${text}`, `"token":"${text}`, `"token":[${text}`])
      expect(withoutMembers(hostile)).toBeTypeOf('string');
  }
  expect(withoutMembers('pin: 1\n'.repeat(600_000))).toHaveLength(600_000 * 'pin: (not shown)\n'.length);
});
