import { describe, expect, it } from 'vitest';
import { painter } from '../log/paint.ts';
import type { EndpointStatus, RouteStatus, ServiceStatus, StreamStatus } from '../model/status.ts';
import {
  endpointStatus as endpoint,
  routeStatus,
  serviceStatus,
  streamStatus,
} from '../proof/testing/status.ts';
import { type MapView, renderMap } from './map.ts';
import { plainText } from './terminal-text.ts';

const service = (name: string, port: number | null, more: Partial<ServiceStatus> = {}) =>
  serviceStatus({ name, port, ...more });
const route = (label: string, endpoints: EndpointStatus[], behind: ServiceStatus | null = null) =>
  routeStatus(label, { endpoints, service: behind });
const stream = (id: string, endpoints: EndpointStatus[], more: Partial<StreamStatus> = {}) =>
  streamStatus(id, { endpoints, ...more });

function view(more: Partial<MapView> = {}): MapView {
  const address = { host: '127.0.0.1', port: 3000 };
  return { address, tlsPort: null, adminAddress: null, routes: [], streams: [], services: [], ...more };
}

const db = service('db', 3001);
const plain = painter(false);
/** The text of the last column of the only route's line. */
const stateOf = (row: RouteStatus) =>
  renderMap(view({ routes: [row] }), plain, 200)
    .split('\n')
    .at(-1)
    ?.split('  ')
    .at(-1)
    ?.trim();

describe('renderMap', () => {
  it('aligns path, port, process and state below the address to open', () => {
    const routes = [
      route('/hello', [endpoint('127.0.0.1:7777')], service('hello', 7777)),
      route('/db', [endpoint('127.0.0.1:3001')], db),
      route('shop.localhost/cart', [endpoint('10.0.0.7:80', 'down', 'nothing listens on 80')]),
    ];
    const services = [db, service('worker', null)];
    const adminAddress = { host: '127.0.0.1', port: 3900 };
    expect(renderMap(view({ routes, services, adminAddress }), plain).split('\n')).toEqual([
      '  Portway is open at http://localhost:3000',
      '  dashboard at http://localhost:3900',
      '',
      '  path                   port         process  state',
      '  /                    → 3000         gateway  ready',
      '  /hello               → 7777         hello    ready',
      '  /db                  → 3001         db       ready',
      '  shop.localhost/cart  → 10.0.0.7:80  -        down: nothing listens on 80',
      '  -                    → -            worker   ready',
    ]);
  });

  it('shows raw ports below the paths', () => {
    const echo = service('echo', 7001);
    const endpoints = [endpoint('127.0.0.1:7001', 'unknown')];
    const problem = "can't listen on 127.0.0.1:7002: the port is taken";
    const streams = [
      stream('tcp 7000', [endpoint('127.0.0.1:7001')], { service: echo }),
      stream('udp 7000', endpoints, { service: echo }),
      stream('udp 7053', [endpoint('10.0.0.7:53', 'unknown')]),
      stream('tcp 7002', [endpoint('10.0.0.7:80')], { problem }),
    ];
    const lines = renderMap(view({ streams, services: [echo] }), plain, 120)
      .split('\n')
      .slice(3);
    expect(lines).toEqual([
      '  /         → 3000         gateway  ready',
      '  tcp 7000  → 7001         echo     ready',
      '  udp 7000  → 7001         echo     ready',
      '  udp 7053  → 10.0.0.7:53  -        unknown',
      `  tcp 7002  → 10.0.0.7:80  -        ${problem}`,
    ]);
  });

  it.each([80, 60, 40])('never writes a row longer than %i columns, nor loses a column', (columns) => {
    const long = 'x'.repeat(100);
    const routes = [
      route(`/${long}`, [endpoint(`http://${long}:80`, 'down', long)], null),
      route('/db', [endpoint('127.0.0.1:3001', 'down')], service(long, 1, { obstacle: long })),
    ];
    const lines = renderMap(view({ routes }), plain, columns).split('\n').slice(2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(lines.find((line) => line.includes('/db'))).toContain('can');
  });

  it('says the same with colours and without', () => {
    const map = view({ routes: [route('/db', [endpoint('127.0.0.1:3001')], db)] });
    const coloured = renderMap(map, painter(true));
    expect(coloured).toContain('\x1b[32mready');
    expect(plainText(coloured.replaceAll('\n', '|'))).toBe(renderMap(map, plain).replaceAll('\n', '|'));
  });

  it("leaves the gateway's own page out where a route claims `/`", () => {
    const routes = [route('/', [endpoint('127.0.0.1:3001')], db)];
    expect(renderMap(view({ routes }), plain)).not.toContain('gateway');
  });

  it('keeps it where only one host has a route at `/`', () => {
    const routes = [{ ...route('/', [endpoint('127.0.0.1:3001')], db), host: 'shop.localhost' }];
    expect(renderMap(view({ routes }), plain)).toContain('gateway');
  });

  it.each([
    ['127.0.0.1', 'http://localhost:3000'],
    ['0.0.0.0', 'http://localhost:3000'],
    ['::', 'http://localhost:3000'],
    ['192.168.1.5', 'http://192.168.1.5:3000'],
    ['fd00::1', 'http://[fd00::1]:3000'],
  ])('shows a listener on %s as %s', (host, url) => {
    expect(renderMap(view({ address: { host, port: 3000 } }), plain)).toContain(`open at ${url}\n`);
  });

  it.each([
    [3000, 'https://localhost:3000', 'https://db.localhost:3000'],
    [3443, 'https://localhost:3443', 'https://db.localhost:3443'],
  ])('shows where TLS is spoken, on port %d', (tlsPort, url, named) => {
    const routes = [{ ...route('/db', [endpoint('127.0.0.1:3001')], db), name: 'db.localhost' }];
    const map = renderMap(view({ tlsPort, routes }), plain);
    expect(map).toContain(`open at ${url}\n`);
    expect(map).toContain(`  ${named}`);
  });

  it.each([
    ['127.0.0.1:3001', '3001'],
    ['[::1]:3001', '3001'],
    ['10.0.0.7:80', '10.0.0.7:80'],
    ['unix:/run/app.sock', 'unix:/run/app.sock'],
  ])('shows the endpoint %s as %s', (address, expected) => {
    expect(renderMap(view({ routes: [route('/x', [endpoint(address)])] }), plain)).toContain(
      `→ ${expected}  `,
    );
  });

  it('shows the first of several endpoints and counts the others', () => {
    const endpoints = [endpoint('127.0.0.1:3003'), endpoint('127.0.0.1:3013'), endpoint('10.0.0.7:80')];
    expect(renderMap(view({ routes: [route('/x', endpoints)] }), plain)).toContain('→ 3003 +2  ');
  });
});

describe('the state', () => {
  const exit = { code: 1, signal: null, at: 0 };
  it.each([
    ['starting', {}, 'starting'],
    ['ready', {}, 'ready'],
    ['ready', { restarts: 1, lastExit: exit }, 'ready (1 restart)'],
    ['restarting', { lastExit: exit }, 'crashed (exit code 1)'],
    ['restarting', { lastExit: exit, restarts: 3 }, 'crashed (exit code 1, 3 restarts)'],
    ['restarting', { lastExit: { code: null, signal: 'SIGSEGV', at: 0 } }, 'crashed (SIGSEGV)'],
    ['restarting', { restarts: 1 }, 'restarting (1 restart)'],
    ['stopping', {}, 'stopping'],
  ] as const)('of a service that is %s with %o', (state, more, expected) => {
    expect(stateOf(route('/x', [endpoint('127.0.0.1:3001')], service('db', 3001, { state, ...more })))).toBe(
      expected,
    );
  });

  it('of a service that can not start is what keeps it from starting', () => {
    const ill = service('db', 3001, { state: 'starting', obstacle: 'no folder ./db' });
    expect(stateOf(route('/x', [endpoint('127.0.0.1:3001', 'down')], ill))).toBe(
      "can't start: no folder ./db",
    );
  });

  it('does not blame a service that can not start where another process answers on its port', () => {
    const foreign = service('db', 3001, { state: 'starting', pid: null, obstacle: 'port 3001 is taken' });
    expect(stateOf(route('/x', [endpoint('127.0.0.1:3001')], foreign))).toBe(
      'up, but not by db: port 3001 is taken',
    );
  });

  it('does not blame one crashed service where another endpoint answers', () => {
    const crashed = service('db', 3001, { state: 'restarting', lastExit: exit });
    const endpoints = [endpoint('127.0.0.1:3001', 'down'), endpoint('127.0.0.1:3011')];
    expect(stateOf(route('/x', endpoints, crashed))).toBe('1 of 2 up');
  });

  it.each([
    ['one that is up', [endpoint('a:1')], 'up'],
    ['one that was not asked', [endpoint('a:1', 'unknown')], 'unknown'],
    ['one that is down', [endpoint('a:1', 'down', 'nothing listens on 1')], 'down: nothing listens on 1'],
    ['one that is down for no known reason', [endpoint('a:1', 'down')], 'down'],
    ['two that are up', [endpoint('a:1'), endpoint('a:2')], '2 of 2 up'],
    ['one of two that is up', [endpoint('a:1'), endpoint('a:2', 'down')], '1 of 2 up'],
    ['two that were not asked', [endpoint('a:1', 'unknown'), endpoint('a:2', 'unknown')], 'unknown'],
  ])('of endpoints without a process: %s', (_what, endpoints, expected) => {
    expect(stateOf(route('/x', endpoints))).toBe(expected);
  });
});
