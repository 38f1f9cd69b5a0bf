import { describe, expect, test } from 'vitest';
import { type PrefixContext, rewriteAnswerField } from './prefix.ts';

const OWN = new Set(
  '[::2]:80 127.0.0.1:3001 db.internal [::1]:3001 localhost:3000 tls.internal:443'.split(' '),
);

function behind(prefix: string, publicOrigin = 'http://localhost:3000', rewritePrefix = ''): PrefixContext {
  return { prefix, rewritePrefix, publicOrigin, ownAuthorities: (authority) => OWN.has(authority) };
}

const db = behind('/db');
const unstripped = behind('');

describe.each(['location', 'content-location'])('%s', (name) => {
  test.each([
    // Path-absolute values get the prefix once, by segment.
    ['/', '/db/'],
    ['/x', '/db/x'],
    ['/x?y=/z#/f', '/db/x?y=/z#/f'],
    ['/?x', '/db/?x'],
    ['/#f', '/db/#f'],
    ['/dbx', '/db/dbx'],
    ['/DB/x', '/db/DB/x'],
    ['/db;x', '/db/db;x'],
    ['/%2Fx//y;z??a+b', '/db/%2Fx//y;z??a+b'],
    ['/\xe9 x\\y', '/db/\xe9 x\\y'],
    ['/%zz', '/db/%zz'],
    ['/x/db', '/db/x/db'],
    // The service's own authority becomes the public origin and prefix.
    ['http://127.0.0.1:3001/x?y#z', 'http://localhost:3000/db/x?y#z'],
    ['http://127.0.0.1:3001', 'http://localhost:3000/db/'],
    ['http://127.0.0.1:3001?x', 'http://localhost:3000/db/?x'],
    ['http://127.0.0.1:3001#f', 'http://localhost:3000/db/#f'],
    ['http://127.0.0.1:3001/', 'http://localhost:3000/db/'],
    ['http://127.0.0.1:3001//x', 'http://localhost:3000/db//x'],
    ['https://127.0.0.1:3001/x', 'http://localhost:3000/db/x'],
    ['HTTP://DB.Internal/X', 'http://localhost:3000/db/X'],
    ['http://[::1]:3001/x', 'http://localhost:3000/db/x'],
    ['http://[::2]/x', 'http://localhost:3000/db/x'],
    ['//db.internal/x', 'http://localhost:3000/db/x'],
    ['//127.0.0.1:3001', 'http://localhost:3000/db/'],
    ['http://localhost:3000/x', 'http://localhost:3000/db/x'],
    ['http://127.0.0.1:3001/db/x', 'http://localhost:3000/db/x'],
    ['http://127.0.0.1:3001/dbx', 'http://localhost:3000/db/dbx'],
    // Default ports are the same authority, spelled out or not.
    ['http://db.internal:80/x', 'http://localhost:3000/db/x'],
    ['http://db.internal:/x', 'http://localhost:3000/db/x'],
    ['https://db.internal:443/x', 'http://localhost:3000/db/x'],
    ['//db.internal:80/x', 'http://localhost:3000/db/x'],
    ['https://tls.internal/x', 'http://localhost:3000/db/x'],
    ['//tls.internal/x', 'http://localhost:3000/db/x'],
    // A WebSocket URL stays one.
    ['ws://127.0.0.1:3001/live', 'ws://localhost:3000/db/live'],
    ['wss://127.0.0.1:3001/live', 'ws://localhost:3000/db/live'],
    // Dot segments can't climb out of the prefix that is put before them.
    ['/../x', '/db/x'],
    ['/a/../../x?y=../z', '/db/x?y=../z'],
    ['/%2e%2E/./x/.', '/db/x/'],
    ['/a/..', '/db/'],
    ['/..', '/db/'],
    ['/db/../x', '/db/x'],
    ['/..//evil/x', '/db//evil/x'],
    ['http://127.0.0.1:3001/../x', 'http://localhost:3000/db/x'],
  ])('%j becomes %j', (value, expected) => {
    expect(rewriteAnswerField(name, value, db)).toBe(expected);
  });

  test.each([
    '',
    'x',
    'x/y',
    './x',
    '../x',
    '?x=1',
    '#f',
    '/db',
    '/db/',
    '/db/x',
    '/db?x',
    '/db#f',
    '/%64b/x',
    '/db/a/../b',
    '//foreign/x',
    '//foreign.db.internal/x',
    'http://foreign/x',
    'http://foreign:3001/x',
    'http://127.0.0.1:3002/x',
    'http://127.0.0.1/x',
    'http://db.internal:443/x',
    'https://db.internal:80/x',
    'http://db.internal.evil/x',
    'http://db.internal@evil/x',
    'http://user@db.internal/x',
    'http://db.internal\\@evil/x',
    'http:///x',
    '///x',
    'http:x',
    'mailto:a@db.internal',
    'javascript:alert(1)',
    'ftp://db.internal/x',
    'http://localhost:3000/db/x',
  ])('%j stays', (value) => {
    expect(rewriteAnswerField(name, value, db)).toBe(value);
  });

  test.each([
    ['/x', '/x'],
    ['/../x', '/../x'],
    ['http://db.internal', 'http://localhost:3000'],
    ['http://db.internal/x', 'http://localhost:3000/x'],
    ['//db.internal/x', 'http://localhost:3000/x'],
    ['http://foreign/x', 'http://foreign/x'],
    ['http://db.internal\\@evil/', 'http://db.internal\\@evil/'],
  ])('without a prefix %j becomes %j', (value, expected) => {
    expect(rewriteAnswerField(name, value, unstripped)).toBe(expected);
  });

  test('points to https where the client came by it', () => {
    const secure = behind('/db', 'https://shop.example');
    expect(rewriteAnswerField(name, 'http://db.internal/x', secure)).toBe('https://shop.example/db/x');
    expect(rewriteAnswerField(name, 'ws://db.internal/x', secure)).toBe('wss://shop.example/db/x');
  });
});

describe('refresh', () => {
  test.each([
    ['5; url=/x', '5; url=/db/x'],
    ['5;URL=/x', '5;URL=/db/x'],
    ['0.5 ; Url = /x', '0.5 ; Url = /db/x'],
    ['5, url=/x', '5, url=/db/x'],
    ['5; /x', '5; /db/x'],
    ['5 /x', '5 /db/x'],
    [`5; url='/x'; y`, `5; url='/db/x'; y`],
    ['5; url="/x y"', '5; url="/db/x y"'],
    ['5; url="/x', '5; url="/db/x'],
    ['5; url=http://db.internal/x?url=/y', '5; url=http://localhost:3000/db/x?url=/y'],
  ])('%j becomes %j', (value, expected) => {
    expect(rewriteAnswerField('refresh', value, db)).toBe(expected);
  });

  test.each([
    '5',
    '5;',
    '',
    '5; url=',
    '5; url=x',
    '5; url=/db/x',
    '5; url=//foreign/x',
    `5; url=''`,
    'url=/x',
    '/x',
  ])('%j stays', (value) => {
    expect(rewriteAnswerField('refresh', value, db)).toBe(value);
  });
});

describe('link', () => {
  test.each([
    ['</a>; rel=next', '</db/a>; rel=next'],
    ['</a>;rel=next,</b>;rel=prev', '</db/a>;rel=next,</db/b>;rel=prev'],
    ['</a>; rel=next, <b>, <//foreign/c> , </d>', '</db/a>; rel=next, <b>, <//foreign/c> , </db/d>'],
    ['</a,b>; rel=next, </c>', '</db/a,b>; rel=next, </db/c>'],
    ['</a>; title="x, </y>; \\", </z>", </b>', '</db/a>; title="x, </y>; \\", </z>", </db/b>'],
    ['</a>; anchor="/b"', '</db/a>; anchor="/b"'],
    [', ,</a>', ', ,</db/a>'],
    ['junk </a>, </b>', 'junk </a>, </db/b>'],
    ['</a>; x=<, </b>', '</db/a>; x=<, </db/b>'],
    ['<http://127.0.0.1:3001/a>; rel=self', '<http://localhost:3000/db/a>; rel=self'],
    ['</a>; title="open, </b>', '</db/a>; title="open, </b>'],
    ['</a>, </b', '</db/a>, </b'],
  ])('%j becomes %j', (value, expected) => {
    expect(rewriteAnswerField('link', value, db)).toBe(expected);
  });

  test.each(['', '<', '<>', '<x>; rel=next', '</db/a>', '</db>; rel=a, </db/>', '"</a>"', '<a', ',', '\\'])(
    '%j stays',
    (value) => {
      expect(rewriteAnswerField('link', value, db)).toBe(value);
    },
  );
});

describe('set-cookie', () => {
  test.each([
    ['a=1; Path=/x', 'a=1; Path=/db/x'],
    ['a=1; Path=/', 'a=1; Path=/db'],
    ['a=1;path=/x;HttpOnly', 'a=1;path=/db/x;HttpOnly'],
    ['a=1; PATH = /x ; Secure', 'a=1; PATH = /db/x ; Secure'],
    ['a=1; Path=/ ; Secure', 'a=1; Path=/db ; Secure'],
    ['a=1; Path=/dbx', 'a=1; Path=/db/dbx'],
    ['a=1; Path=/x; Path=/y', 'a=1; Path=/db/x; Path=/db/y'],
    ['path=/x; Path=/y', 'path=/x; Path=/db/y'],
    ['a="x; Path=/y"; Path=/z', 'a="x; Path=/y"; Path=/db/z'],
    ['a="x; Path=/y', 'a="x; Path=/db/y'],
    ['__Secure-a=1; Path=/x', '__Secure-a=1; Path=/db/x'],
    ['a=__Host-b; Path=/x', 'a=__Host-b; Path=/db/x'],
    [
      'a=1; Domain=db.internal; Path=/x; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'a=1; Domain=db.internal; Path=/db/x; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
    ],
    ['a=\xe9; Path=/\xe9', 'a=\xe9; Path=/db/\xe9'],
  ])('%j becomes %j', (value, expected) => {
    expect(rewriteAnswerField('set-cookie', value, db)).toBe(expected);
  });

  test.each([
    '',
    'a',
    'a=1',
    'a=/x',
    'a=1; HttpOnly',
    'a=1; Path',
    'a=1; Path=',
    'a=1; Path=x',
    'a=1; Path="/x"',
    'a=1; Path=/db',
    'a=1; Path=/db/',
    'a=1; Path=/db/x',
    'a=1; XPath=/x',
    'a=1; SameSite=Lax; X=Path=/x',
    'a="x; Path=/y"',
    '__Host-a=1; Secure; Path=/',
    '__host-a=1; Secure; Path=/',
  ])('%j stays', (value) => {
    expect(rewriteAnswerField('set-cookie', value, db)).toBe(value);
  });

  test('stays where nothing is stripped', () => {
    expect(rewriteAnswerField('set-cookie', 'a=1; Path=/', unstripped)).toBe('a=1; Path=/');
  });
});

test.each(['http:///x', '///x', 'http://:80/x'])("%s names no host, so it is nobody's own", (value) => {
  expect(rewriteAnswerField('location', value, { ...db, ownAuthorities: () => true })).toBe(value);
});

test.each(['x-location', 'Location', 'server', 'etag'])('the field %s is none of ours', (name) => {
  expect(rewriteAnswerField(name, '/x', db)).toBe('/x');
});

test('what has been put behind the prefix is left alone the second time', () => {
  const values: [string, string][] = [
    ['location', '/x'],
    ['location', 'http://127.0.0.1:3001/../x'],
    ['refresh', '5; url=/x'],
    ['link', '</a>; rel=next, </b>'],
    ['set-cookie', 'a=1; Path=/'],
  ];
  for (const [name, value] of values) {
    const once = rewriteAnswerField(name, value, db);
    expect(once).not.toBe(value);
    expect(rewriteAnswerField(name, once, db)).toBe(once);
  }
});

test.each(['location', 'refresh', 'link', 'set-cookie'])('no value of %s is slow or throws', (name) => {
  const pieces = [
    '<',
    '>',
    '"',
    '\\',
    ',',
    ';',
    ' ',
    '/',
    '..',
    '%',
    ':',
    'path=',
    'url=',
    '5',
    '//',
    '@',
    '[',
    '\0',
  ];
  for (const piece of pieces) {
    for (const start of ['', 'a', '5; ', '<', 'a="']) {
      expect(typeof rewriteAnswerField(name, start + piece.repeat(16_384), db)).toBe('string');
    }
  }
});

describe('a route with a prefix of its own at the service', () => {
  const api = behind('/db', 'http://localhost:3000', '/api/v2');
  const root = behind('', 'http://localhost:3000', '/api/v2');

  test.each([
    ['/api/v2/x?y', '/db/x?y', '/x?y'],
    ['/api/v2', '/db', '/'],
    ['/api/v2/', '/db/', '/'],
    ['/api/v2/../v2/x', '/db/x', '/x'],
    // With nothing before it, it would be another host to a browser.
    ['/api/v2//evil.example/a//b', '/db//evil.example/a//b', '/evil.example/a//b'],
    ['/api/v2/.//evil.example', '/db//evil.example', '/evil.example'],
    ['/api/v2/\\evil.example', '/db/\\evil.example', '/evil.example'],
    ['/api/v2/\t/evil.example', '/db/\t/evil.example', '/evil.example'],
    ['http://127.0.0.1:3001/api/v2/x', 'http://localhost:3000/db/x', 'http://localhost:3000/x'],
    // What is not behind this route stays.
    ['/api/v2x', '/api/v2x', '/api/v2x'],
    ['/api/v2/../v1/x', '/api/v2/../v1/x', '/api/v2/../v1/x'],
    ['/login', '/login', '/login'],
    ['/db/x', '/db/x', '/db/x'],
    ['http://127.0.0.1:3001/login', 'http://localhost:3000/login', 'http://localhost:3000/login'],
    ['x', 'x', 'x'],
  ])('location %s', (value, below, atRoot) => {
    expect([rewriteAnswerField('location', value, api), rewriteAnswerField('location', value, root)]).toEqual(
      [below, atRoot],
    );
  });

  test.each([
    ['a=1; Path=/api/v2/x', 'a=1; Path=/db/x', 'a=1; Path=/x'],
    ['a=1; Path=/api/v2', 'a=1; Path=/db', 'a=1; Path=/'],
    // More than what the route shows is the whole route.
    ['a=1; Path=/', 'a=1; Path=/db', 'a=1; Path=/'],
    ['a=1; Path=/api/; Secure', 'a=1; Path=/db; Secure', 'a=1; Path=/; Secure'],
    ['a=1; Path=/login', 'a=1; Path=/login', 'a=1; Path=/login'],
    ['__Host-a=1; Path=/', '__Host-a=1; Path=/', '__Host-a=1; Path=/'],
  ])('set-cookie %s', (value, below, atRoot) => {
    expect([
      rewriteAnswerField('set-cookie', value, api),
      rewriteAnswerField('set-cookie', value, root),
    ]).toEqual([below, atRoot]);
  });
});

describe('service-worker-allowed', () => {
  test.each([
    ['/', '/db/'],
    ['/x/', '/db/x/'],
    ['/db/x', '/db/x'],
    ['./', './'],
    ['x/y', 'x/y'],
    // A scope above the prefix would take over all other routes.
    ['../', '/db/'],
    ['x/../../', '/db/'],
    ['%2e%2e/', '/db/'],
    ['\\', '/db/'],
    ['..\\', '/db/'],
    ['/\\..\\..\\', '/db/'],
    ['http:/', '/db/'],
    ['http://[', '/db/'],
    ['//elsewhere.example/', '/db/'],
  ])('%s', (value, expected) => {
    expect(rewriteAnswerField('service-worker-allowed', value, db)).toBe(expected);
  });
});
