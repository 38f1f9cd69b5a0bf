import { expect, test } from 'vitest';
import { isSecretName, shownField, shownText } from './secrets.ts';

test.each([
  'accessKey',
  'secretKey',
  'clientSecretKey',
  'userOtp',
  'access_key',
  'AWSAccessKeyId',
  'bearer',
  'x-api-key',
  'private_key',
])('%s names a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each('publicKey primaryKey cacheKey statusCode monkey keyboard author zipCode sidebar'.split(' '))(
  '%s names none',
  (name) => {
    expect(isSecretName(name)).toBe(false);
  },
);

test.each([
  ['a=1 pin=(not shown)&a=1', 'a=1 pin=(not shown)&a=1'],
  [
    '/a?next=https%3A%2F%2Fx%2Fcb%3Ftoken%3Dsecret%26a%3D1',
    '/a?next=https%3A%2F%2Fx%2Fcb%3Ftoken%3D(not shown)%26a%3D1',
  ],
  [
    '/a?next=%252Fcb%253Fa%253D1%2526code%253Dsecret&b=2',
    '/a?next=%252Fcb%253Fa%253D1%2526code%253D(not shown)&b=2',
  ],
  ['/a?next=%2Fcb%3f%74oken%3dsecret#x', '/a?next=%2Fcb%3f%74oken%3d(not shown)#x'],
  ['/a?u=https%3A%2F%2Fme%3Asecret%40x%2F', '/a?u=https%3A%2F%2F(not shown)%40x%2F'],
  ['/a?token=secret%26b&c=1', '/a?token=(not shown)&c=1'],
  ['/a?b=50%25%3D1&c=a%26b', '/a?b=50%25%3D1&c=a%26b'],
  [String.raw`"/a?b=1\u0026token=secret\u0026c=1"`, String.raw`"/a?b=1\u0026token=(not shown)\u0026c=1"`],
  ['password=secret&a=1', 'password=(not shown)&a=1'],
  ['level=info token="secret secret" a=1', 'level=info token=(not shown) a=1'],
  [String.raw`"A=1 TOKEN=\"secret\" a=1"`, '"A=1 TOKEN=(not shown) a=1"'],
  [String.raw`"https:\/\/me:secret@x\/"`, String.raw`"https:\/\/(not shown)@x\/"`],
])('of %s the nested secret is hidden', (text, shown) => {
  expect(shownText(text)).toBe(shown);
});

test.each([
  ['graphql-ws, graphql-transport-ws', 'graphql-ws, graphql-transport-ws'],
  ['v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.c2VjcmV0', 'v4.channel.k8s.io, (not shown)'],
  ['access_token, abc', 'access_token, (not shown)'],
  ['mqtt, eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2VjcmV0', 'mqtt, (not shown)'],
  ['ocpp1.6, wamp.2.json', 'ocpp1.6, wamp.2.json'],
  ['0123456789abcdef', '(not shown)'],
])('Sec-WebSocket-Protocol: %s', (value, shown) => {
  expect(shownField('Sec-WebSocket-Protocol', value)).toBe(shown);
});

test('a text of nothing but what may begin a parameter is read in a moment', () => {
  for (const piece of [
    '%25',
    '%3f',
    '?a',
    '%3Fa%26',
    '?%',
    '&a%25253d',
    '%40',
    '//%',
    ' token="',
    '\nkey=',
    ' a',
  ]) {
    const began = performance.now();
    shownText(`=${piece.repeat(100_000 / piece.length)}@=`);
    expect(performance.now() - began).toBeLessThan(2_000);
  }
});
