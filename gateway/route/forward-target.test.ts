import { describe, expect, test } from 'vitest';
import { type RouteOverrides, routeConfig } from '../proof/testing/route-config.ts';
import { forwardTarget, navigationRedirect } from './forward-target.ts';
import { buildRouteTable } from './table.ts';
import { parseTarget } from './target.ts';

function matched(path: string, rawTarget: string, overrides: RouteOverrides = {}) {
  const parsed = parseTarget(rawTarget);
  if (!parsed.ok) throw new Error(`${rawTarget} was refused: ${parsed.reason}`);
  const request = { host: null, method: 'GET', target: parsed.target, header: () => undefined };
  const match = buildRouteTable([routeConfig(path, overrides)]).match(request);
  if (match === null) throw new Error(`${path} does not take ${rawTarget}`);
  return { match, target: parsed.target };
}

describe('what the service sees', () => {
  test.each([
    ['/db', '/db', '/'],
    ['/db', '/db/', '/'],
    ['/db', '/db?x', '/?x'],
    ['/db', '/db?', '/?'],
    ['/db', '/db/?x', '/?x'],
    ['/db', '/db/x', '/x'],
    ['/db', '/db//x', '//x'],
    ['/db', '/db//', '//'],
    ['/db', '/db/%2Fx??a+b', '/%2Fx??a+b'],
    ['/db', '/db/%2fx', '/%2fx'],
    ['/db', '/%64b/%78', '/%78'],
    ['/db', '/%64%62?%78', '/?%78'],
    ['/db', '/db/x;y/...slug/..hidden', '/x;y/...slug/..hidden'],
    ['/db', '/db/%252e%252e/x', '/%252e%252e/x'],
    ['/db', '/db/a%20b?c=/../d&e=\\', '/a%20b?c=/../d&e=\\'],
    ['/db', 'http://h:3000/db/x?y', '/x?y'],
    ['/db', 'http://h:3000/db?y', '/?y'],
    ['/a%2Fb', '/a%2fb/c', '/c'],
    ['/a/b', '/a/b/c', '/c'],
    ['/', '/', '/'],
    ['/', '/x?y', '/x?y'],
    ['/', '//evil/x', '//evil/x'],
    ['/', 'http://h', '/'],
    ['/', 'http://h?x', '/?x'],
  ])('behind %s, %s is %s', (path, rawTarget, expected) => {
    const { match, target } = matched(path, rawTarget);
    expect(forwardTarget(match, target)).toBe(expected);
  });

  test.each(['/db', '/db?x', '/%64b//x', '/db/%2Fx??a+b'])('is %s as sent without stripping', (rawTarget) => {
    const { match, target } = matched('/db', rawTarget, { strip: false });
    expect(forwardTarget(match, target)).toBe(rawTarget);
  });

  test('is / behind an exact route', () => {
    const { match, target } = matched('/db', '/db?x', { exact: true });
    expect(forwardTarget(match, target)).toBe('/?x');
  });
});

describe("a browser's navigation", () => {
  test.each([
    ['/db', '/db', '/db/'],
    ['/db', '/db?x=1&y=%2F', '/db/?x=1&y=%2F'],
    ['/db', '/db?', '/db/?'],
    ['/db', '/%64b?x', '/%64b/?x'],
    ['/a/b', '/a/b', '/a/b/'],
    ['/db', 'http://h/db?x', '/db/?x'],
  ])('for %s to %s is sent to %s', (path, rawTarget, location) => {
    const { match, target } = matched(path, rawTarget);
    expect(navigationRedirect(match, target, 'GET', 'navigate')).toBe(location);
    expect(navigationRedirect(match, target, 'HEAD', 'navigate')).toBe(location);
  });

  test.each<[string, string, string, string, string | undefined, RouteOverrides?]>([
    ['goes on where the slash is there', '/db', '/db/', 'GET', 'navigate'],
    ['goes on below the prefix', '/db', '/db/x', 'GET', 'navigate'],
    ['goes on at /', '/', '/', 'GET', 'navigate'],
    ['goes on at an exact route', '/db', '/db', 'GET', 'navigate', { exact: true }],
    ['goes on where nothing is stripped', '/db', '/db', 'GET', 'navigate', { strip: false }],
    ['goes on when it posts a form', '/db', '/db', 'POST', 'navigate'],
    ['is not a fetch', '/db', '/db', 'GET', 'cors'],
    ['is not a WebSocket', '/db', '/db', 'GET', 'websocket'],
    ['is not a request of curl', '/db', '/db', 'GET', undefined],
    ['never goes to another origin', '//evil', '//evil', 'GET', 'navigate'],
  ])('%s', (_name, path, rawTarget, method, mode, overrides) => {
    const { match, target } = matched(path, rawTarget, overrides);
    expect(navigationRedirect(match, target, method, mode)).toBe(null);
  });
});
