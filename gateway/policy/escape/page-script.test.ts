import { createContext, runInContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { routeConfig } from '../../proof/testing/route-config.ts';
import { pageScript, pathMark } from './page-script.ts';

const routes = ['/vite', '/vite/admin', '/api/v1', '/shop', '/'].map((path) => routeConfig(path));

describe('the script of a page', () => {
  /** What a page under `/vite` asks for in the end. */
  function page(written: string | null = null, at = 'http://localhost:3000/vite/a/b') {
    const asked: unknown[] = [];
    class Asking {
      constructor(url: unknown) {
        asked.push(url);
      }
      open(_method: string, url: unknown) {
        asked.push(url);
      }
      pushState(_state: unknown, _title: string, url: unknown) {
        asked.push(url);
      }
      sendBeacon(url: unknown) {
        asked.push(url);
      }
      register(url: unknown, options: unknown) {
        asked.push(url, options);
      }
    }
    const base = { href: '', getAttribute: () => written };
    let observes = true;
    class MutationObserver {
      readonly observe: () => void;
      constructor(observed: (records: unknown[], observer: unknown) => void) {
        this.observe = () => observed([], { disconnect: () => (observes = false) });
      }
    }
    const querySelector = () => (written === null ? null : base);
    const window: Record<string, unknown> = {
      document: { currentScript: { remove() {} }, baseURI: at, querySelector, body: null },
      MutationObserver,
      location: new URL(at),
      URL,
      Reflect,
      Proxy,
      fetch: (url: unknown) => asked.push(url),
      WebSocket: class extends Asking {},
      Worker: class extends Asking {},
      XMLHttpRequest: class extends Asking {},
      History: class extends Asking {},
      Navigator: class extends Asking {},
      ServiceWorkerContainer: class extends Asking {},
    };
    window.self = window;
    const text = pageScript(routes[0]!, routes)!
      .element.toString()
      .replace(/^<script>|<\/script>$/g, '');
    runInContext(text, createContext(window));
    const result = (call: string) => {
      asked.length = 0;
      runInContext(call, window);
      return JSON.parse(JSON.stringify(asked));
    };
    return Object.assign(result, { base: base.href, observes });
  }

  test.each([
    ['a path', 'fetch("/x?y#z")', 'http://localhost:3000/vite/x?y#z'],
    ['an address of our own', 'fetch("http://localhost:3000/x")', 'http://localhost:3000/vite/x'],
    ['a URL', 'fetch(new URL("/x", location))', 'http://localhost:3000/vite/x'],
    ['what climbs out', 'fetch("../../x")', 'http://localhost:3000/vite/x'],
    ['a path that only begins like the prefix', 'fetch("/vitex")', 'http://localhost:3000/vite/vitex'],
    ['a path that only begins like another route', 'fetch("/api/v10")', 'http://localhost:3000/vite/api/v10'],
    ['a part of another route', 'fetch("/api")', 'http://localhost:3000/vite/api'],
    ['a WebSocket', 'new WebSocket("ws://localhost:3000/ws", ["a"])', 'ws://localhost:3000/vite/ws'],
    ['a worker', 'new Worker("/w.js", { type: "module" })', 'http://localhost:3000/vite/w.js'],
    ['XHR', 'new XMLHttpRequest("").open("GET", "/x")', 'http://localhost:3000/vite/x'],
    ['history', 'new History("").pushState(null, "", "/x")', 'http://localhost:3000/vite/x'],
    ['a beacon', 'new Navigator("").sendBeacon("/x")', 'http://localhost:3000/vite/x'],
  ])('prefixes %s', (_what, call, url) => {
    expect(page()(call).at(-1)).toBe(url);
  });

  test.each([
    ['what has the prefix', '/vite/x'],
    ['the prefix itself', '/vite'],
    ['a relative path', 'x/y'],
    ['another route', '/api/v1/users?x'],
    ['another route itself', '/shop'],
    ['another origin', 'http://localhost:3001/x'],
    ['another host', '//example.com/x'],
    ['a blob', 'blob:http://localhost:3000/1'],
    ['data', 'data:text/plain,/x'],
    ['what is no address', 'http://['],
    ['nothing', ''],
  ])('leaves %s alone', (_what, url) => {
    expect(page()(`fetch(${JSON.stringify(url)})`)).toEqual([url]);
  });

  test('leaves what is neither text nor a URL alone, and history without an address', () => {
    expect(page()('fetch({ toString: () => "/x" })')).toEqual([{}]);
    expect(page()('new History("").pushState(null, "")').at(-1)).toBe(null);
  });

  test("prefixes a service worker's scope", () => {
    const call = 'new ServiceWorkerContainer("").register("/sw.js", { scope: "/", type: "module" })';
    expect(page()(call).slice(-2)).toEqual([
      'http://localhost:3000/vite/sw.js',
      { scope: 'http://localhost:3000/vite/', type: 'module' },
    ]);
  });

  test.each([
    ['/', 'http://localhost:3000/vite/'],
    ['/en/', 'http://localhost:3000/vite/en/'],
    ['/vite/', ''],
    ['./', ''],
    ['https://cdn.example/', ''],
  ])('makes <base href="%s"> %j', (written, href) => {
    const { base, observes } = page(written);
    expect([base, observes]).toEqual([href, false]);
  });

  test('waits for a <base> until there is a body', () => {
    const { base, observes } = page();
    expect([base, observes]).toEqual(['', true]);
  });

  test('keeps classes what they are', () => {
    expect(page()('fetch(new WebSocket("/x") instanceof WebSocket)')).toEqual([
      'http://localhost:3000/vite/x',
      true,
    ]);
  });

  test('is shorter than 2 KiB, names no other route, and ends no element', () => {
    const many = Array.from({ length: 60 }, (_, at) => routeConfig(`/hidden-${at}`));
    const { element } = pageScript(routeConfig('/a</script>'), many)!;
    expect(element.length).toBeLessThan(2048 + '<script></script>'.length);
    expect(element.toString()).not.toMatch(/hidden/);
    expect(element.toString().match(/<\/script/g)).toHaveLength(1);
  });

  test('is none where there are too many routes', () => {
    const many = Array.from({ length: 200 }, (_, at) => routeConfig(`/r${at}`));
    expect(pageScript(routes[0]!, many)).toBeNull();
  });

  test('marks paths apart', () => {
    const marks = Array.from({ length: 10_000 }, (_, at) => pathMark(`/route-${at}/x`));
    expect(new Set(marks).size).toBeGreaterThan(9_990);
  });
});
