import { describe, expect, it } from 'vitest';
import { parseRouteKey } from './route-key.ts';

describe('the key of a route', () => {
  it.each([
    ['/', null, '/'],
    ['/db', null, '/db'],
    ['/db/', null, '/db'],
    ['/%64b', null, '/db'],
    ['/DB', null, '/DB'],
    ['/a%2fb', null, '/a%2Fb'],
    ['/a;x=1/b', null, '/a;x=1/b'],
    ['/...', null, '/...'],
    ['/.well-known', null, '/.well-known'],
    ['/v1/x:verb', null, '/v1/x:verb'],
    ['shop.localhost', 'shop.localhost', '/'],
    ['shop.localhost/', 'shop.localhost', '/'],
    ['Shop.Localhost/Cart', 'shop.localhost', '/Cart'],
    ['shop.example./cart', 'shop.example', '/cart'],
    ['*.example.com', '*.example.com', '/'],
    ['*.example.com/x/', '*.example.com', '/x'],
    ['localhost', 'localhost', '/'],
    ['intranet./wiki', 'intranet', '/wiki'],
    ['127.0.0.1/x', '127.0.0.1', '/x'],
    ['[0::1]/x', '[::1]', '/x'],
    ['münchen.example/x', 'xn--mnchen-3ya.example', '/x'],
  ])('%s', (text, host, path) => {
    expect(parseRouteKey(text)).toEqual({ ok: true, value: { host, path } });
  });

  it.each([
    ['db', 'did you mean /db? (a host of one label is written db.)'],
    ['db/users', 'did you mean /db/users? (a host of one label is written db./users)'],
    ['', '/ is the route of everything that no other route takes'],
    ['http://shop.localhost/x', 'a host without a scheme: shop.localhost/x'],
    ['shop.localhost:80/x', 'routes are for every port of the gateway: shop.localhost/x'],
    ['localhost:3000', 'routes are for every port of the gateway: localhost'],
    ['/a//b', 'an empty segment never matches: /a/b'],
    ['//a', 'an empty segment never matches: /a'],
    ['/*', 'a route takes everything below its path: /'],
    ['/img/**', 'a route takes everything below its path: /img'],
    ['/a/:id', 'no patterns; a route takes everything below its path: /a'],
    ['/a/*/b', 'no patterns; a route takes everything below its path: /a'],
    ['/a/{x}', 'no patterns; a route takes everything below its path: /a'],
    ['/a/../b', 'requests with . or .. segments are refused, so it would never match: /b'],
    ['/a/..;/b', 'requests with . or .. segments are refused, so it would never match: /a/..;/b'],
    ['/a?b', 'a route has no query; conditions on it stand below "when: { query: ... }"'],
    ['/a b', 'browsers send it encoded: /a%20b'],
    ['/ü', 'browsers send it encoded: /%C3%BC'],
    ['/a\\b', 'segments are separated by /: /a/b'],
    ['/a%5Cb', 'segments are separated by /: /a/b'],
    ['-a.b/x', '"-a": letters, digits, - and _ are allowed, but no - at either end'],
    ['a.*.b/x', 'a * stands for whole labels at the start: *.example.com'],
  ])('%j is refused', (text, hint) => {
    expect(parseRouteKey(text)).toMatchObject({ ok: false, hint });
  });
});
