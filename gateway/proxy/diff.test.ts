import { describe, expect, test } from 'vitest';
import type { GatewayConfig, Port, RouteConfig } from '../model/config.ts';
import { gatewayConfig, serviceConfig } from '../proof/testing/gateway-config.ts';
import { routeConfig } from '../proof/testing/route-config.ts';
import { diffConfigs, hasMoved, isEmpty } from './diff.ts';

const db = routeConfig('/db');
const files = routeConfig('/files');
const NOTHING = { added: [], removed: [], changed: [], settings: [], needsRestart: [] };

test('a setting that is back where the process began needs no restart', async () => {
  const [began, moved] = [
    gatewayConfig([db], { port: 3000 as Port }),
    gatewayConfig([db], { port: 3050 as Port }),
  ];
  expect((await diffConfigs(began, moved, began)).needsRestart).toEqual(['port']);
  expect(await diffConfigs(moved, began, began)).toMatchObject({ settings: ['port'], needsRestart: [] });
});

test('a port that is moved to as the gateway runs needs no restart', async () => {
  const [began, moved] = [
    gatewayConfig([db], { port: 3000 as Port }),
    gatewayConfig([db], { port: 3050 as Port, host: '0.0.0.0' }),
  ];
  const diff = await diffConfigs(began, moved, began, true);
  expect(diff).toMatchObject({ settings: ['host', 'port'], needsRestart: ['host'] });
});

describe('what a reload changed', () => {
  test.each<[string, RouteConfig[], RouteConfig[], object]>([
    ['nothing', [db, files], [db, files], {}],
    ['the order in the file', [db, files], [files, db], {}],
    ['the line in the file', [db], [{ ...db, source: { line: 9, column: 1 } }], {}],
    ['a new route', [db], [db, files], { added: ['/files'] }],
    ['a route that is gone', [db, files], [files], { removed: ['/db'] }],
    [
      'a route that means something else',
      [db, files],
      [{ ...db, strip: false }, files],
      { changed: ['/db'] },
    ],
    ['a route in place of another', [db], [files], { added: ['/files'], removed: ['/db'] }],
  ])('%s', async (_what, before, after, difference) => {
    const diff = await diffConfigs(gatewayConfig(before), gatewayConfig(after));
    expect(diff).toEqual({ ...NOTHING, ...difference });
    expect(isEmpty(diff)).toBe(Object.keys(difference).length === 0);
  });

  test.each<[string, Partial<GatewayConfig>, boolean]>([
    ['host', { host: '0.0.0.0' }, true],
    ['port', { port: 8080 as Port }, true],
    ['admin', { admin: null }, true],
    ['trustProxy', { trustProxy: ['10.0.0.0/8'] }, false],
    ['log', { log: { level: 'debug', format: 'auto', access: true } }, false],
    ['maxConnections', { maxConnections: 5 }, false],
    ['workers', { workers: 4 }, true],
    ['resolver', { resolver: ['127.0.0.1:5353'] }, false],
    ['overload', { overload: null }, false],
    ['serverTiming', { serverTiming: true }, false],
    ['allowedHosts', { allowedHosts: ['shop.test'] }, false],
    ['page', { page: true }, false],
  ])('the setting %s', async (name, overrides, restart) => {
    const diff = await diffConfigs(gatewayConfig([db]), gatewayConfig([db], overrides));
    expect(diff).toEqual({ ...NOTHING, settings: [name], needsRestart: restart ? [name] : [] });
    expect(isEmpty(diff)).toBe(false);
  });

  test('not the line of a service', async () => {
    const service = serviceConfig();
    const [before, after] = [3, 4].map((line) =>
      gatewayConfig([db], { services: [{ ...service, source: { line, column: 1 } }] }),
    );
    expect(await diffConfigs(before!, after!)).toEqual(NOTHING);
    expect(hasMoved(before!, after!)).toBe(true);
  });

  test.each<[string, RouteConfig[], boolean]>([
    ['the same', [db, files], false],
    ['another line', [db, { ...files, source: { line: 9, column: 3 } }], true],
    ['another column', [db, { ...files, source: { line: 1, column: 5 } }], true],
    ['fewer', [db], true],
  ])('routes have moved: %s', (_what, after, moved) => {
    expect(hasMoved(gatewayConfig([db, files]), gatewayConfig(after))).toBe(moved);
  });

  test('not the name of the file', async () => {
    expect(await diffConfigs(gatewayConfig([db]), gatewayConfig([db], { file: '/elsewhere.yaml' }))).toEqual(
      NOTHING,
    );
  });
});
