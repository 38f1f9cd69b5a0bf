import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { answers, portsOf, startNamed } from '../testing/named-services.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';

describe.each(routeKinds)('several endpoints of $kind', ({ routes, files }) => {
  test('take turns', async () => {
    const gateway = await startTestGateway(routes('/db', portsOf(await startNamed('abc'))), { files });
    const turns = await answers(gateway, 9);
    expect(new Set(turns.slice(0, 3))).toEqual(new Set('abc'));
    expect(turns.slice(3)).toBe(turns.slice(0, 6));
  });
});

test('routes take turns each for themselves', async () => {
  const one = (await startService()).answer(ok('one'));
  const two = (await startService()).answer(ok('two'));
  const both = `[${one.port}, ${two.port}]`;
  const gateway = await startTestGateway(`routes:\n  /a: ${both}\n  /b: ${both}\n`);
  const turns: string[] = [];
  for (const target of ['/a', '/b', '/a', '/b']) turns.push((await gateway.get(target)).text);
  expect(turns[0]).not.toBe(turns[2]);
  expect(turns[1]).not.toBe(turns[3]);
});

test('a unix socket is an endpoint like any other', async () => {
  const path = `/tmp/portway-scenario-${process.pid}.sock`;
  const service = (await startService({ listen: { path } })).answer((received) => ok(received.target));
  const gateway = await startTestGateway(`routes:\n  /db: unix:${path}\n`);
  expect((await gateway.get('/db/x?y')).text).toBe('/x?y');
  expect(service.requests).toHaveLength(1);
});
