import { describe, expect, test } from 'vitest';
import { startEngine, type TestContainer, type TestEngine } from '../testing/docker-engine.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { ok, startService } from '../testing/service.ts';

const yaml = (engine: TestEngine, rest = '') =>
  `admin: 3900\noverload: off\ndiscover: { docker: { engine: "${engine.address}" } }\n${rest}`;

async function service(text: string): Promise<number> {
  return (await startService()).answer(ok(text)).port;
}

const container = (name: string, port: number, labels: Record<string, string>, more: object = {}) => ({
  ...{ name, ports: [port], labels },
  ...more,
});

/** A gateway at an engine that runs these containers. */
async function stage(...containers: TestContainer[]) {
  const engine = await startEngine();
  engine.run(...containers);
  return { engine, gateway: await startTestGateway(yaml(engine)) };
}

/** What runs at `/web`. */
const web = async () => container('web', await service('web'), { 'portway.path': '/web' });

async function answers(gateway: TestGateway, target: string, expected: number | string): Promise<void> {
  await until(`${target} gives ${expected}`, async () => {
    const { status, text } = await gateway.get(target);
    return expected === status || expected === text;
  });
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is what somebody writes
const VARIABLE = '${SECRET}';

const problems = (gateway: TestGateway) => gateway.gateway.configStatus().unserved ?? null;

test('a container that runs already has its route from the first request on', async () => {
  const { engine, gateway } = await stage(
    container('shop-web-1', await service('shop'), { 'portway.path': '/shop' }),
  );
  expect((await gateway.get('/shop/cart')).text).toBe('shop');
  const seen = gateway.gateway.configStatus().discovery;
  expect(seen).toEqual({ source: engine.address, failure: null, containers: 1 });
});

test('routes come and go with their containers, and several of one path share its requests', async () => {
  const { engine, gateway } = await stage();
  expect((await gateway.get('/shop/')).status).toBe(404);
  const [one, two] = [await service('one'), await service('two')];
  const labels = { 'portway.path': '/shop' };
  engine.run(container('web-1', one, labels));
  await answers(gateway, '/shop/', 'one');
  engine.run(container('web-1', one, labels), container('web-2', two, labels));
  await answers(gateway, '/shop/', 'two');
  const seen = new Set<string>();
  for (let i = 0; i < 4; i++) seen.add((await gateway.get('/shop/')).text);
  expect(seen).toEqual(new Set(['one', 'two']));
  engine.run(container('web-2', two, labels));
  await until(
    'only the second is left',
    async () => (await gateway.get('/shop/')).text === 'two' && (await gateway.get('/shop/')).text === 'two',
  );
  engine.run();
  await answers(gateway, '/shop/', 404);
});

test('the file wins, and says what holds for all', async () => {
  const engine = await startEngine();
  const [own, other] = [await service('file'), await service('container')];
  engine.run(
    container('a', other, { 'portway.path': '/db/' }),
    container('b', other, {
      'portway.path': '/else',
      'portway.headers': '{ answer: { set: { X-From: label } } }',
    }),
  );
  const gateway = await startTestGateway(yaml(engine, `routes:\n  /db: ${own}\n`));
  expect((await gateway.get('/db/x')).text).toBe('file');
  const answer = await gateway.get('/else/x');
  expect([answer.text, answer.head.value('x-from')]).toEqual(['container', 'label']);
});

test('two routes of one container, a host, and a key below a key', async () => {
  const engine = await startEngine();
  const [web, admin] = [await service('web'), await service('admin')];
  engine.run({
    name: 'two',
    ports: [web, admin],
    labels: {
      'portway.routes.web.host': 'shop.example.com',
      'portway.routes.web.port': String(web),
      'portway.routes.admin.path': '/admin',
      'portway.routes.admin.port': String(admin),
      'portway.routes.admin.headers.answer.set.X-A': '1',
    },
  });
  const gateway = await startTestGateway(yaml(engine));
  const seen = [problems(gateway), (await gateway.get('/any', 'Host: shop.example.com')).text];
  expect(seen).toEqual([null, 'web']);
  const answer = await gateway.get('/admin');
  expect([answer.text, answer.head.value('x-a')]).toEqual(['admin', '1']);
});

describe('labels that are wrong', () => {
  const odd: readonly (readonly [what: string, labels: Record<string, string>, told: RegExp])[] = [
    [
      'an unknown key',
      { 'portway.pth': '/b', 'portway.path': '/b' },
      /container bad:\d+:\d+ {2}pth.*"pth"\n.*portway\.pth=\/b\n.*\^\^\^.*did you mean portway.path\?/,
    ],
    [
      'a value out of bounds',
      { 'portway.path': '/b', 'portway.timeouts.response': '0s' },
      /container bad.*timeouts\.response.*\n.*portway\.timeouts\.response=0s\n.*\^\^/,
    ],
    [
      'a port that is none',
      { 'portway.path': '/b', 'portway.port': 'http' },
      /expected a port from 1 to 65535, got "http"/,
    ],
    ['what runs code', { 'portway.path': '/b', 'portway.extend': './x.ts' }, /it stands in the file alone/],
    [
      'a folder of the gateway',
      { 'portway.path': '/b', 'portway.folder': '/etc' },
      /it stands in the file alone/,
    ],
    [
      'a file of the gateway as an answer',
      { 'portway.path': '/b', 'portway.respond.share': '100%', 'portway.respond.body': '/etc/passwd' },
      /it stands in the file alone/,
    ],
    [
      'a file that the gateway writes',
      { 'portway.path': '/b', 'portway.cache.file': './b.sqlite' },
      /cache\.file.*\n.*it stands in the file alone/,
    ],
    [
      'other targets',
      {
        ...{ 'portway.path': '/b', 'portway.to': '22', 'portway.fallback': 'https://a.example' },
        ...{ 'portway.canary': '{ to: unix:/run/docker.sock, weight: 100% }' },
        ...{ 'portway.mirror': '22', 'portway.compare': '22' },
      },
      /(?:a key that labels may set.*?container itself is where its route leads.*?){5}/s,
    ],
    [
      'a variable of the gateway',
      { 'portway.path': '/b', 'portway.hostHeader': VARIABLE },
      /variables are expanded in the file/,
    ],
    [
      'YAML that is none',
      { 'portway.path': '/b', 'portway.headers': '{ request: [' },
      /YAML behind \{ or \[/,
    ],
    [
      'a value and keys below it',
      { 'portway.path': '/b', 'portway.health': '/h', 'portway.health.path': '/h' },
      /got both/,
    ],
  ];

  test.each(odd)(
    '%s: told with its container, answered 503, and nobody else is the worse for it',
    async (_what, labels, told) => {
      const engine = await startEngine();
      engine.run(
        container('bad', await service('bad'), labels),
        container('good', await service('good'), { 'portway.path': '/good' }),
      );
      const gateway = await startTestGateway(yaml(engine), { env: { SECRET: 'keep' } });
      expect(problems(gateway)).toMatch(told);
      expect(problems(gateway)).not.toMatch(/keep/);
      expect((await gateway.get('/b/x')).status).toBe(503);
      expect((await gateway.get('/good')).text).toBe('good');
      expect(gateway.gateway.configStatus().rejected).toBeNull();
    },
  );

  test('neither a path nor a host', async () => {
    const { gateway } = await stage(container('bad', 80, { 'portway.port': '80' }));
    expect(problems(gateway)).toMatch(
      /container bad.*expected the label portway\.path or portway\.host, got neither/,
    );
  });

  test('mended, it is served', async () => {
    const engine = await startEngine();
    const port = await service('mended');
    engine.run(container('web', port, { 'portway.path': '/b', 'portway.prot': 'x' }));
    const gateway = await startTestGateway(yaml(engine));
    await answers(gateway, '/b', 503);
    engine.run(container('web', port, { 'portway.path': '/b' }));
    await answers(gateway, '/b', 'mended');
    expect(problems(gateway)).toBeNull();
  });

  test('a bomb of aliases holds nobody up', async () => {
    const engine = await startEngine();
    const rows = Array.from(
      { length: 26 },
      (_, i) => `k${i}: &a${i} [${i === 0 ? 'x' : `*a${i - 1}, *a${i - 1}, *a${i - 1}`}]`,
    );
    engine.run(container('bomb', 80, { 'portway.path': '/b', 'portway.headers': `{ ${rows.join(', ')} }` }));
    const gateway = await startTestGateway(yaml(engine));
    expect(problems(gateway)).toMatch(/container bomb/);
  });
});

describe('an engine', () => {
  test('that is not there is told; the file is served, and its containers once it is', async () => {
    const engine = await startEngine();
    await engine.stop();
    const gateway = await startTestGateway(yaml(engine, `routes:\n  /db: ${await service('db')}\n`));
    expect((await gateway.get('/db')).text).toBe('db');
    expect(gateway.gateway.configStatus().discovery?.failure).toMatch(/no socket is there|ECONNREFUSED/);
    await engine.start();
    engine.run(await web());
    await answers(gateway, '/web', 'web');
    expect(gateway.gateway.configStatus().discovery?.failure).toBeNull();
  });

  test('that stops changes nothing', async () => {
    const { engine, gateway } = await stage(await web());
    await engine.stop();
    await gateway.log.find('it is noticed', ({ reason }) =>
      /^the list of its events broke off/.test(String(reason)),
    );
    expect((await gateway.get('/web')).text).toBe('web');
    await engine.start();
  });

  test('that hangs keeps a start for three seconds, and then nobody', async () => {
    const engine = await startEngine();
    engine.hangs = true;
    const gateway = await startTestGateway(yaml(engine, `routes:\n  /db: ${await service('db')}\n`));
    expect((await gateway.get('/db')).text).toBe('db');
    expect(gateway.gateway.configStatus().discovery).toMatchObject({ containers: 0 });
    engine.hangs = false;
    engine.run(await web());
    await answers(gateway, '/web', 'web');
  });

  test('that lists without end is told so, and what was known is served on', async () => {
    const { engine, gateway } = await stage(await web());
    engine.body = `[${' '.repeat(17 * 1024 * 1024)}`;
    engine.flood(1);
    const failure = () => gateway.gateway.configStatus().discovery?.failure ?? '';
    await until('it is told', () => /longer than 16 MiB/.test(failure()));
    expect((await gateway.get('/web')).text).toBe('web');
  });

  test('that answers with an upgrade is told so, and asked again', async () => {
    const engine = await startEngine();
    engine.upgrades = true;
    const gateway = await startTestGateway(yaml(engine));
    await until('it is told', () =>
      /no answer/.test(gateway.gateway.configStatus().discovery?.failure ?? ''),
    );
    engine.upgrades = false;
    engine.run(await web());
    await answers(gateway, '/web', 'web');
  });

  test('whose list comes behind its news is asked once more', async () => {
    const { engine, gateway } = await stage(await web());
    await answers(gateway, '/web', 'web');
    const before = engine.lists;
    engine.flood(1);
    await until('it has asked', () => engine.lists > before);
    engine.body = '[]';
    await until('the container is gone', async () => (await gateway.get('/web')).status === 404);
  });

  test('that tells ten thousand events is asked a few times', async () => {
    const { engine, gateway } = await stage();
    const before = engine.lists;
    engine.flood(10_000);
    engine.run(await web());
    await answers(gateway, '/web', 'web');
    expect(engine.lists - before).toBeLessThan(100);
  });

  test.each(['<html>', '{}', '[{"Id":1}]', '[null]', '[{"Labels":{"portway.path":"/x"}}]'])(
    'that says %s harms nobody',
    async (body) => {
      const engine = await startEngine();
      engine.body = body;
      const gateway = await startTestGateway(yaml(engine, `routes:\n  /db: ${await service('db')}\n`));
      expect((await gateway.get('/db')).text).toBe('db');
    },
  );

  test('that says odd things of one container harms no other one', async () => {
    const engine = await startEngine();
    const good = container('good', await service('good'), { 'portway.path': '/good' });
    const odd = [
      null,
      7,
      { Names: [7], Labels: { 'portway.path': '/x' } },
      { Labels: { 'portway.path': '/y' }, Ports: 3 },
    ];
    engine.run(good);
    engine.body = JSON.stringify([...odd, ...JSON.parse(engine.list())]);
    const gateway = await startTestGateway(yaml(engine));
    expect((await gateway.get('/good')).text).toBe('good');
  });

  test('whose checks speak against a container leads no requests there while another one is well', async () => {
    const engine = await startEngine();
    const labels = { 'portway.path': '/web' };
    const sick = container('web-1', await service('sick'), labels, { status: 'Up 3 minutes (unhealthy)' });
    const well = container('web-2', await service('well'), labels, { status: 'Up 3 minutes (healthy)' });
    engine.run(sick, well);
    const gateway = await startTestGateway(yaml(engine));
    for (let i = 0; i < 4; i++) expect((await gateway.get('/web')).text).toBe('well');
    engine.run(sick);
    await answers(gateway, '/web', 'sick');
  });
});

test('what is reloaded drops nothing: requests under way end as they began', async () => {
  const engine = await startEngine();
  const labels = { 'portway.path': '/web' };
  const [one, two] = [await service('one'), await service('two')];
  engine.run(container('web-1', one, labels));
  const gateway = await startTestGateway(yaml(engine));
  const statuses: number[] = [];
  for (let turn = 0; turn < 10; turn++) {
    engine.run(
      ...(turn % 2 === 0
        ? [container('web-1', one, labels), container('web-2', two, labels)]
        : [container('web-1', one, labels)]),
    );
    for (let i = 0; i < 20; i++) statuses.push((await gateway.get('/web')).status);
  }
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test('explain, the status and a turned-off container', async () => {
  const { gateway } = await stage(
    container('web-1', await service('web'), { 'portway.path': '/web' }),
    container('off', 80, { 'portway.path': '/off', 'portway.enable': 'false' }),
  );
  const explained = JSON.parse((await gateway.admin('GET', '/explain?url=/web/x')).text);
  expect(JSON.stringify(explained)).toContain('"origin":"container web-1"');
  expect((await gateway.get('/off')).status).toBe(404);
});

test('with the key taken out of the file, its routes go', async () => {
  const { gateway } = await stage(await web());
  await answers(gateway, '/web', 'web');
  await gateway.editAndReload('routes:\n  /db: 3001\n');
  expect((await gateway.get('/web')).status).toBe(404);
  expect(gateway.gateway.configStatus().discovery).toBeNull();
});
