import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { ExchangeView } from '../../model/exchanges.ts';
import { curlOf, fetchOf, harOf, testOf } from './saved.ts';

const exchange: ExchangeView = {
  id: 'a-1',
  requestId: 'r1',
  startedAt: 1_700_000_000_000,
  endedAt: 1_700_000_000_012,
  method: 'POST',
  target: '/db/x?q=1',
  host: 'localhost:3000',
  protocol: 'HTTP/1.1',
  client: '127.0.0.1',
  user: null,
  route: '/db',
  endpoint: 'localhost:3001',
  status: 201,
  code: null,
  cause: null,
  policy: null,
  cache: null,
  attempts: 1,
  headMs: 10,
  totalMs: 12,
  bytesIn: 9,
  bytesOut: 8,
  tunnel: false,
  fallback: false,
  lane: 'wire',
  detailed: true,
  errorType: null,
  escaped: null,
  request: {
    fields: [
      ['Host', 'localhost:3000'],
      ['Content-Type', 'application/json'],
      ['Content-Length', '9'],
      ['X-Odd', "it's"],
    ],
    body: body('{"a": 1}'),
  },
  answer: { fields: [['Content-Type', 'application/json']], body: body('{"b": 2}') },
  tries: [],
  why: '',
};

function body(text: string, kind: 'json' | 'text' = 'json') {
  return {
    bytes: text.length,
    truncated: false,
    type: 'application/json',
    coding: null,
    kind,
    text,
    base64: null,
  };
}

/** What a shell makes of a command line. */
function words(command: string): string[] {
  const out = execFileSync('bash', ['-c', `curl() { printf '%s\\0' "$@"; }; ${command}`], {
    encoding: 'utf8',
  });
  return out.split('\0').slice(0, -1);
}

describe('an exchange as a command line', () => {
  test('says the same to a shell', () => {
    expect(words(curlOf(exchange, 'http://localhost:3000'))).toEqual([
      '-i',
      'http://localhost:3000/db/x?q=1',
      '-H',
      'Content-Type: application/json',
      '-H',
      "X-Odd: it's",
      '--data-raw',
      '{"a": 1}',
    ]);
  });

  test.each([
    "'; touch /tmp/evil; '",
    '$(id)',
    '`id`',
    '@/etc/passwd',
    'a\nb',
    '\x1b[2J\x00'.slice(0, 4),
    "\\'",
  ])('has nothing in it that a shell, or a terminal, acts upon: %j', (text) => {
    const command = curlOf({ ...exchange, request: { fields: [], body: body(text, 'text') } }, 'http://h');
    expect(Buffer.from(command.replaceAll('\n', '')).every((byte) => byte >= 0x20)).toBe(true);
    expect(words(command).at(-1)).toBe(text);
    expect(words(command).at(-2)).toBe('--data-raw');
  });
});

test('as a script it asks for the same', () => {
  const code = fetchOf(exchange, 'http://localhost:3000');
  const asked: unknown[] = [];
  new Function('fetch', `return (async () => { ${code} })()`)((...all: unknown[]) => asked.push(...all));
  expect(asked).toEqual([
    'http://localhost:3000/db/x?q=1',
    {
      method: 'POST',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Odd', "it's"],
      ],
      body: '{"a": 1}',
    },
  ]);
});

test('as a test it expects the same, and a body becomes no code', () => {
  const code = testOf(exchange, 'http://localhost:3000');
  expect(code).not.toContain('redirect');
  expect(testOf({ ...exchange, status: 308 }, 'http://h')).toContain('"redirect": "manual"');
  expect(code).toContain('expect(answer.status).toBe(201);');
  expect(code).toContain('expect(await answer.json()).toEqual({\n    "b": 2\n  });');
  const evil = { ...exchange, answer: { fields: [], body: body('process.exit()') } };
  expect(testOf(evil, 'http://h')).toContain('expect(await answer.text()).toBe("process.exit()");');
});

test('as an archive it has what HAR 1.2 asks for', () => {
  expect(harOf([exchange], 'http://localhost:3000')).toMatchObject({
    log: {
      version: '1.2',
      entries: [
        {
          startedDateTime: '2023-11-14T22:13:20.000Z',
          time: 12,
          request: {
            method: 'POST',
            url: 'http://localhost:3000/db/x?q=1',
            queryString: [{ name: 'q', value: '1' }],
            postData: { mimeType: 'application/json', text: '{"a": 1}' },
          },
          response: { status: 201, content: { size: 8, text: '{"b": 2}' } },
        },
      ],
    },
  });
});
