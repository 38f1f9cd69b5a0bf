import { expect, test } from 'vitest';
import { AllowedOrigins, parseOrigin } from './origins.ts';

const allowed = (...texts: string[]) =>
  new AllowedOrigins(
    texts.map((text) => {
      const parsed = parseOrigin(text);
      if (!parsed.ok) throw new Error(text);
      return parsed.value;
    }),
  );

test.each([
  ['https://app.example.com', 'https://app.example.com', true],
  ['https://APP.example.com:443', 'https://app.example.com', true],
  ['https://app.example.com', 'http://app.example.com', false],
  ['https://app.example.com', 'https://app.example.com:8443', false],
  ['https://app.example.com', 'https://app.example.com.evil.test', false],
  ['https://app.example.com', 'null', false],
  ['https://*.example.com', 'https://a.b.example.com', true],
  ['https://*.example.com', 'https://example.com', false],
  ['https://*.example.com', 'https://evilexample.com', false],
  ['https://*.example.com', 'https://.example.com', false],
  ['https://*.example.com', 'https://evil.test/.example.com', false],
  ['https://*.example.com', 'https://evil.test:1@x.example.com', false],
  ['https://*.example.com', 'https://a.example.com:444', false],
  ['https://*.example.com:444', 'https://a.example.com:444', true],
  ['http://localhost:*', 'http://localhost:5173', true],
  ['http://localhost:*', 'http://localhost', true],
  ['http://localhost:*', 'http://localhost:5173.evil.test', false],
  ['http://localhost:*', 'http://localhost.evil.test:80', false],
  ['https://*.example.com:*', 'https://a.example.com:9', true],
  ['http://[::1]:3000', 'http://[::1]:3000', true],
  ['chrome-extension://abcdef', 'chrome-extension://abcdef', true],
  ['*', 'https://anything.test', true],
])('%s of %s: %s', (pattern, origin, fits) => {
  expect(allowed(pattern).includes(origin)).toBe(fits);
});

test.each([
  ['null', 'sandboxed'],
  ['https://a.test/', 'has no path: https://a.test'],
  ['a.test', 'https://a.test'],
  ['https://*', 'a scheme, a host'],
  ['https://a.*.test', 'a scheme, a host'],
])('%s is refused', (text, hint) => {
  expect(parseOrigin(text)).toMatchObject({ ok: false, hint: expect.stringContaining(hint) });
});
