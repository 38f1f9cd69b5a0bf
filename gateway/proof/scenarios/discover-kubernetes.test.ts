import { writeFile } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { KubernetesSource } from '../../discover/kubernetes-source.ts';
import type { PlacedService } from '../../model/config.ts';
import type { ClusterObject } from '../../model/labels.ts';
import { startApiServer, type TestApiServer } from '../testing/api-server.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { ask } from '../testing/load.ts';
import { until } from '../testing/poll.ts';
import { temporaryFolder } from '../testing/program.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';

/** `discover: kubernetes` beside an API server of the tests' own (testing/api-server.ts): no cluster has been asked. */

const GROUP = 'apis/gateway.networking.k8s.io/v1';
const ROUTES = `${GROUP}/httproutes`;
const SLICES = 'apis/discovery.k8s.io/v1/endpointslices';
const SERVICES = 'api/v1/services';

const yaml = (server: TestApiServer, rest = '') =>
  `overload: off\ndiscover: { kubernetes: { server: "${server.address}" } }\n${rest}`;

async function service(text: string): Promise<number> {
  return (await startService()).answer(ok(text)).port;
}

/** A cluster with a Gateway of our class. */
async function cluster(tls: ServerOptions | null = null): Promise<TestApiServer> {
  const server = await startApiServer(tls);
  const listeners = [
    { name: 'http', protocol: 'HTTP', port: 80 },
    { name: 'https', protocol: 'HTTPS', port: 443, hostname: '*.example.com' },
  ];
  server.apply(`${GROUP}/gateways`, 'shop', 'edge', { spec: { gatewayClassName: 'portway', listeners } });
  return server;
}

/** A Service, and where its pods listen. */
function serve(server: TestApiServer, name: string, ports: readonly number[], namespace = 'shop'): void {
  server.apply(SERVICES, namespace, name, { spec: { ports: [{ port: 80, targetPort: 8080 }] } });
  for (const port of ports) {
    server.apply(SLICES, namespace, `${name}-${port}`, {
      metadata: { labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      ports: [{ port }],
    });
  }
}

function route(server: TestApiServer, name: string, path: string, to: string, more: object = {}): void {
  const rules = [
    {
      matches: [{ path: { type: 'PathPrefix', value: path } }],
      backendRefs: [{ name: to, port: 80 }],
      ...more,
    },
  ];
  server.apply(ROUTES, 'shop', name, { spec: { parentRefs: [{ name: 'edge' }], rules } });
}

/** A cluster whose Service `web` answers `shop`, with HTTPRoutes of these names, each at its path. */
async function shop(...routes: string[]): Promise<TestApiServer> {
  const server = await cluster();
  serve(server, 'web', [await service('shop')]);
  for (const name of routes) route(server, name, `/${name}`, 'web');
  return server;
}

async function answers(gateway: TestGateway, target: string, expected: number | string): Promise<void> {
  await until(`${target} gives ${expected}`, async () => {
    const { status, text } = await gateway.get(target);
    return expected === status || expected === text;
  });
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

interface Parent {
  readonly parentRef: object;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

/** What an HTTPRoute says of each of its parents. */
function parentsOf(server: TestApiServer, name: string): readonly Parent[] {
  return (server.statusOf(ROUTES, 'shop', name) as { parents?: Parent[] } | undefined)?.parents ?? [];
}

/** `Accepted=True Accepted`. */
const words = (all: readonly Condition[] = []) =>
  all.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

async function becomes(server: TestApiServer, name: string, wanted: readonly string[]): Promise<void> {
  await until(
    `${name} says ${wanted}`,
    () => words(parentsOf(server, name)[0]?.conditions).join() === wanted.join(),
  );
}

function writesOf(server: TestApiServer, plural: string): number {
  return server.asked.filter((each) => each.startsWith('PATCH') && each.includes(`/${plural}/`)).length;
}

/** An HTTPRoute to that Service for whatever is asked. */
const WEB = { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] };
const SERVED = ['Accepted=True Accepted', 'ResolvedRefs=True ResolvedRefs'];

describe('HTTPRoutes of a cluster', () => {
  test('are served from the first request on, page by page, and say so in their status', async () => {
    const server = await cluster();
    const port = await service('shop');
    serve(server, 'web', [port]);
    for (let at = 0; at < 5; at++) route(server, `route-${at}`, `/r${at}`, 'web');
    const gateway = await startTestGateway(yaml(server));
    for (let at = 0; at < 5; at++) expect((await gateway.get(`/r${at}/x`)).text).toBe('shop');
    await becomes(server, 'route-4', SERVED);
    const { discovery } = gateway.gateway.configStatus();
    expect(discovery).toMatchObject({ source: server.address, failure: null });
    expect(discovery?.containers).toBeGreaterThan(5);
  });

  test('are taken from the namespaces that a listener chooses by their labels', async () => {
    const server = await cluster();
    const namespaces = { from: 'Selector', selector: { matchLabels: { tier: 'web' } } };
    const listeners = [{ name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces } }];
    server.apply(`${GROUP}/gateways`, 'shop', 'edge', { spec: { gatewayClassName: 'portway', listeners } });
    serve(server, 'web', [await service('shop')]);
    route(server, 'shop', '/shop', 'web');
    const gateway = await startTestGateway(yaml(server));
    expect((await gateway.get('/shop')).status).toBe(404);
    server.apply('api/v1/namespaces', '', 'shop', { metadata: { labels: { tier: 'web' } } });
    await answers(gateway, '/shop', 'shop');
  });

  test('are served where nobody may look at namespaces', async () => {
    const server = await cluster();
    server.refused.set('api/v1/namespaces', 403);
    serve(server, 'web', [await service('shop')]);
    route(server, 'shop', '/shop', 'web');
    const gateway = await startTestGateway(yaml(server));
    expect((await gateway.get('/shop')).text).toBe('shop');
  });

  test('of one namespace need nothing of the whole cluster', async () => {
    const server = await startApiServer();
    for (const whole of ['gateways', 'httproutes', 'referencegrants', 'gatewayclasses'])
      server.refused.set(`${GROUP}/${whole}`, 403);
    // There are no namespaces in a namespace.
    server.refused.set('api/v1/namespaces/shop/namespaces', 404);
    const within = (collection: string) => collection.replace(/[^/]+$/, 'namespaces/shop/$&');
    const labels = { 'kubernetes.io/service-name': 'web' };
    const listeners = [{ name: 'http', protocol: 'HTTP', port: 80 }];
    server.apply(within(`${GROUP}/gateways`), 'shop', 'edge', {
      spec: { gatewayClassName: 'portway', listeners },
    });
    server.apply(within(ROUTES), 'shop', 'a', { spec: WEB });
    server.apply(within(SERVICES), 'shop', 'web', { spec: { ports: [{ port: 80 }] } });
    server.apply(within(SLICES), 'shop', 'web-1', {
      metadata: { labels },
      endpoints: [{ addresses: ['127.0.0.1'] }],
      ports: [{ port: await service('shop') }],
    });
    const gateway = await startTestGateway(
      yaml(server).replace('kubernetes: {', 'kubernetes: { namespace: shop, '),
    );
    expect((await gateway.get('/')).text).toBe('shop');
  });

  test('come, change and go, and so do the pods behind them, without a reload', async () => {
    const server = await cluster();
    const [one, two] = [await service('one'), await service('two')];
    serve(server, 'web', [one]);
    const gateway = await startTestGateway(yaml(server));
    expect((await gateway.get('/a')).status).toBe(404);
    route(server, 'a', '/a', 'web');
    await answers(gateway, '/a', 'one');
    const { reloads } = gateway.gateway.configStatus();
    serve(server, 'web', [two]);
    await answers(gateway, '/a', 'two');
    server.remove(SLICES, 'shop', `web-${one}`);
    await until('the first is asked no more', async () => {
      const texts = [await gateway.get('/a'), await gateway.get('/a')].map(({ text }) => text);
      return texts.every((text) => text === 'two');
    });
    expect(gateway.gateway.configStatus().reloads).toBe(reloads);
    route(server, 'a', '/b', 'web');
    await answers(gateway, '/b', 'two');
    await answers(gateway, '/a', 404);
    server.remove(ROUTES, 'shop', 'a');
    await answers(gateway, '/b', 404);
  });

  test('share by the weights of their Services, however many pods each has', async () => {
    const server = await cluster();
    const [few, many] = [await service('few'), await service('many')];
    serve(server, 'few', [few]);
    serve(server, 'many', [many, await service('many'), await service('many')]);
    const backendRefs = [
      { name: 'few', port: 80, weight: 3_000 },
      { name: 'many', port: 80, weight: 1_000 },
    ];
    route(server, 'a', '/a', 'few', { backendRefs });
    const gateway = await startTestGateway(yaml(server));
    const texts: unknown[] = [];
    for (let at = 0; at < 16; at++) texts.push((await gateway.get('/a')).text);
    expect(texts.filter((text) => text === 'few')).toHaveLength(12);
  });

  test('with workers: each of them knows where the pods are, from its start and later', async () => {
    const server = await cluster();
    const [one, two] = [await service('one'), await service('two')];
    serve(server, 'web', [one]);
    route(server, 'a', '/a', 'web');
    const gateway = await startGatewayProcess(`workers: 1\n${yaml(server)}`);
    const asked = async () => (await ask(gateway.port, '/a')).text;
    expect(await asked()).toBe('one');
    server.remove(SLICES, 'shop', `web-${one}`);
    serve(server, 'web', [two]);
    await until('the other is asked', async () => (await asked()) === 'two');
  });

  test('of other classes, or of no Gateway, are nobody’s', async () => {
    const server = await shop();
    server.apply(`${GROUP}/gateways`, 'shop', 'other', {
      spec: { gatewayClassName: 'nginx', listeners: [] },
    });
    server.apply(ROUTES, 'shop', 'theirs', { spec: { ...WEB, parentRefs: [{ name: 'other' }] } });
    route(server, 'ours', '/ours', 'web');
    const gateway = await startTestGateway(yaml(server));
    expect((await gateway.get('/')).status).toBe(404);
    expect((await gateway.get('/ours')).text).toBe('shop');
    await becomes(server, 'ours', SERVED);
    expect(server.statusOf(ROUTES, 'shop', 'theirs')).toBeUndefined();
  });

  test('give way to the file', async () => {
    const server = await cluster();
    serve(server, 'web', [await service('cluster')]);
    route(server, 'a', '/a', 'web');
    route(server, 'b', '/b', 'web');
    const gateway = await startTestGateway(yaml(server, `routes: { /a: ${await service('file')} }\n`));
    expect((await gateway.get('/a')).text).toBe('file');
    expect((await gateway.get('/b')).text).toBe('cluster');
  });
});

describe('what is wrong with an HTTPRoute', () => {
  test('is said in its status and in the log, and costs no other route', async () => {
    const server = await shop('sound');
    route(server, 'wrong', '/wrong', 'web', {
      matches: [{ path: { type: 'RegularExpression', value: '/w.*' } }],
    });
    const variable = ['$', '{SECRET}'].join('');
    const set = [{ name: 'X-Secret', value: variable }];
    route(server, 'curious', '/curious', 'web', {
      filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }],
    });
    const gateway = await startTestGateway(yaml(server), { env: { SECRET: 'hidden' } });
    expect((await gateway.get('/sound')).text).toBe('shop');
    expect((await gateway.get('/curious')).status).toBe(404);
    await becomes(server, 'wrong', ['Accepted=False UnsupportedValue', 'ResolvedRefs=True ResolvedRefs']);
    await becomes(server, 'curious', ['Accepted=False UnsupportedValue', 'ResolvedRefs=True ResolvedRefs']);
    await becomes(server, 'sound', SERVED);
    expect(gateway.gateway.configStatus().unserved).toContain('HTTPRoute shop/wrong:');
    route(server, 'wrong', '/wrong', 'web');
    await answers(gateway, '/wrong', 'shop');
    await becomes(server, 'wrong', SERVED);
  });

  test.each([
    ['a Service that is not there', { name: 'nobody' }, 'BackendNotFound'],
    ['a Service of a namespace that grants nothing', { name: 'web', namespace: 'other' }, 'RefNotPermitted'],
    ['a name of elsewhere', { name: 'outside' }, 'BackendNotFound'],
    ['something else than a Service', { name: 'web', kind: 'Bucket' }, 'InvalidKind'],
  ])('%s is answered 500', async (_what, backend, reason) => {
    const server = await shop();
    server.apply(SERVICES, 'shop', 'outside', { spec: { type: 'ExternalName', externalName: 'localhost' } });
    route(server, 'a', '/a', 'web', { backendRefs: [{ ...backend, port: 80 }] });
    const gateway = await startTestGateway(yaml(server));
    expect((await gateway.get('/a')).status).toBe(500);
    await becomes(server, 'a', ['Accepted=True Accepted', `ResolvedRefs=False ${reason}`]);
  });

  test('a Service whose pods have gone is answered 503, until one is ready', async () => {
    const server = await cluster();
    const port = await service('shop');
    serve(server, 'web', [port]);
    route(server, 'a', '/a', 'web');
    const gateway = await startTestGateway(yaml(server));
    await answers(gateway, '/a', 'shop');
    server.remove(SLICES, 'shop', `web-${port}`);
    await answers(gateway, '/a', 503);
    serve(server, 'web', [port]);
    await answers(gateway, '/a', 'shop');
  });

  test('an address that is a name leads nowhere: whoever may write one could name this machine', async () => {
    const server = await cluster();
    serve(server, 'web', []);
    const endpoints = [{ addresses: ['localhost'] }];
    server.apply(SLICES, 'shop', 'web-1', {
      ...{ addressType: 'FQDN', endpoints, ports: [{ port: await service('inside') }] },
      metadata: { labels: { 'kubernetes.io/service-name': 'web' } },
    });
    route(server, 'a', '/a', 'web');
    const gateway = await startTestGateway(yaml(server));
    expect((await gateway.get('/a')).status).toBe(503);
  });

  test.each([
    ['Services', '', 'shop'],
    ['Services of another group', 'serving.knative.dev', 500],
  ] as const)('a ReferenceGrant to %s is one', async (_what, group, expected) => {
    const server = await cluster();
    serve(server, 'web', [await service('shop')], 'other');
    const from = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop' }];
    server.apply('apis/gateway.networking.k8s.io/v1beta1/referencegrants', 'other', 'grant', {
      spec: { from, to: [{ group, kind: 'Service' }] },
    });
    route(server, 'a', '/a', 'web', { backendRefs: [{ name: 'web', namespace: 'other', port: 80 }] });
    const gateway = await startTestGateway(yaml(server));
    await answers(gateway, '/a', expected);
  });

  test('a listener that does not take it is said for that parent, beside what others have written', async () => {
    const server = await shop();
    const theirs = { parentRef: { name: 'x' }, controllerName: 'example.com/other', conditions: [] };
    const spec = { ...WEB, parentRefs: [{ name: 'edge', sectionName: 'nowhere' }] };
    server.apply(ROUTES, 'shop', 'a', { spec, status: { parents: [theirs] } });
    await startTestGateway(yaml(server));
    await until('both stand there', () => parentsOf(server, 'a').length === 2);
    const [first, second] = parentsOf(server, 'a');
    expect(first).toEqual(theirs);
    const refused = { type: 'Accepted', status: 'False', reason: 'NoMatchingParent', observedGeneration: 1 };
    expect(second!.conditions[0]).toMatchObject(refused);
  });

  test('a status that another has just written is written again behind it, and none where it stands already', async () => {
    const server = await shop('a');
    server.conflict = true;
    const gateway = await startTestGateway(yaml(server));
    await until('both stand there', () => parentsOf(server, 'a').length === 2);
    expect(writesOf(server, 'httproutes')).toBe(2);
    route(server, 'b', '/b', 'web');
    await answers(gateway, '/b', 'shop');
    await becomes(server, 'b', SERVED);
    expect(writesOf(server, 'httproutes')).toBe(3);
  });

  test.each([
    ['ours', 'portway.dev/gateway-controller', [['Supported'], ['Supported', 'Accepted']]],
    ['another controller’s', 'example.com/other', [['Supported'], ['Supported']]],
  ])('a class that is %s', async (_what, controllerName, [before, after]) => {
    const server = await cluster();
    const classes = `${GROUP}/gatewayclasses`;
    server.apply(classes, '', 'portway', {
      spec: { controllerName },
      status: { conditions: before!.map((type) => ({ type, status: 'True' })) },
    });
    serve(server, 'web', [await service('shop')]);
    route(server, 'a', '/a', 'web');
    await startTestGateway(yaml(server));
    const types = () =>
      (server.statusOf(classes, '', 'portway') as { conditions: Condition[] }).conditions.map(
        ({ type }) => type,
      );
    await becomes(server, 'a', SERVED);
    await until(`it says ${after}`, () => types().join() === after!.join());
  });

  test('gateways of one class come to the same, and do not write over each other', async () => {
    const server = await shop();
    const gateways = [await startTestGateway(yaml(server)), await startTestGateway(yaml(server))];
    onTestFinished(async () => void (await Promise.all(gateways.map((gateway) => gateway.close()))));
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) route(server, name, `/${name}`, 'web');
    for (const name of names) await becomes(server, name, SERVED);
    route(server, 'e', '/e', 'web');
    await becomes(server, 'e', SERVED);
    for (const gateway of gateways) await answers(gateway, '/e', 'shop');
    // One of each took effect, and at most one of each came too late.
    expect(writesOf(server, 'httproutes')).toBeLessThanOrEqual(2 * (names.length + 1));
    expect(parentsOf(server, 'a')).toHaveLength(1);
  });

  test('gateways of two classes write each of its own parents, and end with it', async () => {
    const server = await cluster();
    const listeners = [{ name: 'http', protocol: 'HTTP', port: 80 }];
    server.apply(`${GROUP}/gateways`, 'shop', 'inner', { spec: { gatewayClassName: 'inner', listeners } });
    serve(server, 'web', [await service('shop')]);
    server.apply(ROUTES, 'shop', 'a', {
      spec: { ...WEB, parentRefs: [{ name: 'edge' }, { name: 'inner' }] },
    });
    const edge = await startTestGateway(yaml(server));
    const class2 = `discover: { kubernetes: { server: "${server.address}", class: inner } }\n`;
    const inner = await startTestGateway(class2);
    onTestFinished(async () => void (await Promise.all([edge.close(), inner.close()])));
    await until('both stand there', () => parentsOf(server, 'a').length === 2);
    const refs = parentsOf(server, 'a').map(({ parentRef }) => parentRef);
    expect(refs).toEqual(expect.arrayContaining([{ name: 'edge' }, { name: 'inner' }]));
  });

  test('a status that another overwrites each time is left to it', async () => {
    const server = await shop('a');
    server.overwrites = true;
    const gateway = await startTestGateway(yaml(server));
    await until('it was tried', () => writesOf(server, 'httproutes') === 3);
    // It asks for a watch anew when it has read the last one to its end, and so that the third was overwritten, too.
    const watched = () => server.asked.filter((each) => each.startsWith(`WATCH ${ROUTES}`)).length;
    const before = watched();
    server.endWatches();
    await until('it has read all of it', () => watched() > before);
    expect(writesOf(server, 'httproutes')).toBe(3);
    expect((await gateway.get('/a')).text).toBe('shop');
  });

  test('a status that changes alone brings no news, and a pod none of other Services', async () => {
    const server = await shop('a');
    serve(server, 'other', [1]);
    route(server, 'b', '/b', 'other');
    server.overwrites = true;
    const source = new KubernetesSource(
      {
        ...{ kind: 'kubernetes', server: server.address, token: null, ca: null, namespace: null },
        ...{ gatewayClass: 'portway', service: null, status: true },
      },
      null,
    );
    const ended = new AbortController();
    onTestFinished(() => ended.abort());
    const news: { objects: readonly ClusterObject[]; services: readonly PlacedService[] }[] = [];
    void source.ask((objects, services) => news.push({ objects, services }), ended.signal).catch(() => {});
    await until('it is asked', () => news.length === 1);
    const [first] = news;
    source.validated(first!.objects, [], new Map(), ended.signal);
    // Each write follows the event of another's.
    await until('each status was written three times', () => writesOf(server, 'httproutes') === 6);
    expect(news).toHaveLength(1);
    serve(server, 'other', [1, 2]);
    await until('the pod is told', () => news.length > 1);
    expect(news[1]!.objects).toBe(first!.objects);
    expect(news[1]!.services.map(({ name, pods }) => `${name} ${pods.length}`)).toEqual([
      'shop/other:80 2',
      'shop/web:80 1',
    ]);
    expect(news[1]!.services[1]).toBe(first!.services[1]);
  });

  test('a status of odd shapes is written over', async () => {
    const server = await shop();
    const ours = { parentRef: { name: 'edge' }, controllerName: 'portway.dev/gateway-controller' };
    const parents = [{ ...ours, conditions: [null, 7] }, null, 7];
    server.apply(ROUTES, 'shop', 'odd', { spec: WEB, status: { parents } });
    await startTestGateway(yaml(server));
    await until('it is told', () =>
      JSON.stringify(server.statusOf(ROUTES, 'shop', 'odd')).includes('Accepted'),
    );
  });
});

describe('a Gateway of our class', () => {
  const GATEWAYS = `${GROUP}/gateways`;
  interface Told {
    readonly addresses?: readonly object[];
    readonly conditions: readonly Condition[];
    readonly listeners: readonly {
      readonly name: string;
      readonly attachedRoutes: number;
      readonly supportedKinds: readonly object[];
      readonly conditions: readonly Condition[];
    }[];
  }
  const told = (server: TestApiServer) => server.statusOf(GATEWAYS, 'shop', 'edge') as Told | undefined;
  const attached = (server: TestApiServer) =>
    told(server)?.listeners?.map(({ name, attachedRoutes }) => `${name} ${attachedRoutes}`);
  const withService = (server: TestApiServer) =>
    `overload: off\ndiscover: { kubernetes: { server: "${server.address}", service: front/portway } }\n`;
  const routed = (server: TestApiServer, name: string, spec: object) =>
    server.apply(ROUTES, 'shop', name, { spec: { ...WEB, ...spec } });

  test('says which of its listeners take how many routes, where it is reached, and leaves what others say', async () => {
    const server = await cluster();
    const listeners = [
      { name: 'http', protocol: 'HTTP', port: 80 },
      { name: 'https', protocol: 'HTTPS', port: 443, hostname: '*.example.com' },
      { name: 'tcp', protocol: 'TCP', port: 9000 },
      { name: 'grpc', protocol: 'HTTP', port: 81, allowedRoutes: { kinds: [{ kind: 'GRPCRoute' }] } },
      {
        ...{ name: 'both', protocol: 'HTTP', port: 82, hostname: 'both.test' },
        allowedRoutes: { kinds: [{ kind: 'GRPCRoute' }, { kind: 'HTTPRoute' }] },
      },
    ];
    const others = [
      { type: 'example.com/Seen', status: 'True' },
      { type: 'Accepted', status: 'Unknown', reason: 'Pending' },
    ];
    const spec = { gatewayClassName: 'portway', listeners };
    server.apply(GATEWAYS, 'shop', 'edge', { spec, status: { conditions: others } });
    serve(server, 'web', [await service('shop')]);
    routed(server, 'everywhere', {});
    routed(server, 'below', { hostnames: ['a.example.com', 'b.example.com'] });
    const section = { name: 'edge', sectionName: 'https' };
    routed(server, 'section', { parentRefs: [section, { name: 'edge' }] });
    // So many that a thread reads them.
    for (let at = 0; at < 20; at++)
      routed(server, `elsewhere-${at}`, { parentRefs: [section], hostnames: ['a.org'] });
    routed(server, 'wrong', { rules: [{ filters: [{ type: 'Magic' }] }] });
    const gateway = await startTestGateway(withService(server));
    await until('it is told', () => attached(server)?.join() === 'http 3,https 3,tcp 0,grpc 0,both 2');
    const status = told(server)!;
    expect(words(status.conditions)).toEqual([
      'example.com/Seen=True undefined',
      'Accepted=True ListenersNotValid',
      'Programmed=False AddressNotAssigned',
    ]);
    expect(status.addresses).toEqual([]);
    const [none, all] = ['Conflicted=False NoConflicts', 'ResolvedRefs=True ResolvedRefs'];
    const served = ['Accepted=True Accepted', 'Programmed=True Programmed'];
    expect(status.listeners.map(({ conditions }) => words(conditions))).toEqual([
      [...served, all, none],
      [...served, all, none],
      ['Accepted=False UnsupportedProtocol', 'Programmed=False Invalid', all, none],
      ['Accepted=True Accepted', 'Programmed=False Invalid', 'ResolvedRefs=False InvalidRouteKinds', none],
      [...served, 'ResolvedRefs=False InvalidRouteKinds', none],
    ]);
    expect(status.listeners.map(({ supportedKinds }) => supportedKinds.length)).toEqual([1, 1, 0, 0, 1]);
    server.apply(SERVICES, 'front', 'portway', {
      spec: { type: 'LoadBalancer', clusterIP: '10.0.0.7' },
      status: {
        loadBalancer: { ingress: [{ ip: '203.0.113.7' }, { hostname: 'lb.example.com' }, { ip: 7 }] },
      },
    });
    await until('it has addresses', () => told(server)?.addresses?.length === 2);
    expect(told(server)!.addresses).toEqual([
      { type: 'IPAddress', value: '203.0.113.7' },
      { type: 'Hostname', value: 'lb.example.com' },
    ]);
    expect(words(told(server)!.conditions)[2]).toBe('Programmed=True Programmed');
    server.remove(ROUTES, 'shop', 'below');
    await until('one has gone', () => attached(server)?.join() === 'http 2,https 2,tcp 0,grpc 0,both 2');
    // Three changes, each of which may have met a conflict once.
    expect(writesOf(server, 'gateways')).toBeLessThanOrEqual(2 * 3);
    server.apply(GATEWAYS, 'shop', 'edge', { spec, status: {} });
    await until('what somebody took away is there again', () => attached(server)?.[0] === 'http 2');
    expect((await gateway.get('/')).text).toBe('shop');
  });

  test('of which another replica speaks, too, is written once for each change, and without a Service has no address', async () => {
    const server = await shop();
    const gateways = [await startTestGateway(yaml(server)), await startTestGateway(yaml(server))];
    onTestFinished(async () => void (await Promise.all(gateways.map((gateway) => gateway.close()))));
    const says = (count: number) =>
      until(`${count} routes`, () => attached(server)?.join() === `http ${count},https ${count}`);
    await says(0);
    expect(words(told(server)!.conditions)).toEqual(['Accepted=True Accepted', 'Programmed=True Programmed']);
    expect(told(server)!.addresses).toBeUndefined();
    for (const count of [1, 2, 3]) {
      routed(server, `route-${count}`, {});
      await says(count);
    }
    for (const gateway of gateways) await answers(gateway, '/', 'shop');
    // One of each took effect, and at most one of each came too late.
    expect(writesOf(server, 'gateways')).toBeLessThanOrEqual(2 * 4);
  });
});

describe('the API server', () => {
  test('is spoken to by TLS, with a token that is read anew', async () => {
    const tls = selfSigned('localhost');
    const server = await cluster(tls);
    serve(server, 'web', [await service('shop')]);
    const folder = await temporaryFolder({ 'ca.crt': tls.cert, token: 'first\n' });
    const access = `server: "${server.address}", ca: ${folder}/ca.crt, token: ${folder}/token`;
    const gateway = await startTestGateway(`discover: { kubernetes: { ${access} } }\n`);
    await until('all kinds are watched', () => server.watches === 7);
    expect([...server.tokens]).toEqual(['Bearer first']);
    await writeFile(join(folder, 'token'), 'second\n');
    server.endWatches();
    route(server, 'a', '/a', 'web');
    await answers(gateway, '/a', 'shop');
    expect(server.tokens).toContain('Bearer second');
  });

  test('whose certificate nobody vouches for gets no token', async () => {
    const server = await cluster(selfSigned('localhost'));
    const folder = await temporaryFolder({ token: 'secret\n' });
    const access = `server: "${server.address}", token: ${folder}/token`;
    const gateway = await startTestGateway(`discover: { kubernetes: { ${access} } }\n`);
    expect(gateway.gateway.configStatus().discovery?.failure).toMatch(/self-signed|certificate/);
    expect(server.tokens.size).toBe(0);
  });

  test('may refuse statuses: routes are served all the same, and it is not asked again and again', async () => {
    const server = await shop('a', 'b');
    server.refusesPatches = true;
    const gateway = await startTestGateway(yaml(server));
    expect((await gateway.get('/a')).text).toBe('shop');
    await until('one was tried', () => writesOf(server, 'httproutes') > 0);
    serve(server, 'unrelated', [1, 2]);
    route(server, 'c', '/c', 'web');
    await answers(gateway, '/c', 'shop');
    // One for each time that something was judged.
    expect(writesOf(server, 'httproutes')).toBeLessThanOrEqual(2);
  });

  async function followed() {
    const server = await shop('a');
    const gateway = await startTestGateway(yaml(server));
    await answers(gateway, '/a', 'shop');
    await until('all kinds are watched', () => server.watches === 7);
    return { server, gateway };
  }

  test('ends watches: they go on where they ended, without another list', async () => {
    const { server, gateway } = await followed();
    server.bookmark();
    const lists = () => server.asked.filter((each) => each.startsWith('GET')).length;
    const before = lists();
    server.endWatches();
    route(server, 'b', '/b', 'web');
    await answers(gateway, '/b', 'shop');
    expect(lists()).toBe(before);
  });

  test('forgets each version at once: it is asked less and less often', async () => {
    const server = await cluster();
    server.forgetful = true;
    await startTestGateway(yaml(server));
    const listed = async (times: number) => {
      const lists = () => server.asked.filter((each) => each === `GET ${ROUTES}`).length;
      await until(`it is listed ${times} times`, () => lists() >= times);
      return performance.now();
    };
    const [first, second, third] = [await listed(1), await listed(2), await listed(3)];
    expect(third - second).toBeGreaterThan((second - first) * 1.2);
  });

  test('has forgotten the version (410): it is listed again', async () => {
    const { server, gateway } = await followed();
    server.remove(ROUTES, 'shop', 'a');
    route(server, 'b', '/b', 'web');
    server.forget();
    await answers(gateway, '/b', 'shop');
    await answers(gateway, '/a', 404);
  });

  test.each([
    ['fails', (server: TestApiServer) => server.breakWatches()],
    ['says what is no JSON', (server: TestApiServer) => server.say('{"type":\n')],
    ['says an event without an object', (server: TestApiServer) => server.say('{"type":"ADDED"}\n')],
    ['says a line without an end', (server: TestApiServer) => server.say('x'.repeat(5 * 1024 * 1024))],
  ])('%s: what is known is served on, and it is asked again', async (_what, hurt) => {
    const { server, gateway } = await followed();
    server.failing = 503;
    hurt(server);
    await until('it is told', () => gateway.gateway.configStatus().discovery?.failure !== null);
    expect((await gateway.get('/a')).text).toBe('shop');
    server.failing = null;
    route(server, 'b', '/b', 'web');
    await answers(gateway, '/b', 'shop');
    expect(gateway.gateway.configStatus().discovery?.failure).toBe(null);
  });

  test.each([
    ['an upgrade', { failing: 101 }],
    ['half of a list', { failing: 200 }],
    ['a list without an end', { page: { items: [], metadata: { resourceVersion: '1', continue: 'x' } } }],
  ])('answers with %s: what is known is served on, and it is asked again', async (_what, answering) => {
    const { server, gateway } = await followed();
    Object.assign(server, answering);
    server.breakWatches();
    await until('it is told', () =>
      /no answer|the answer to GET .* broke off|without objects/.test(
        gateway.gateway.configStatus().discovery?.failure ?? '',
      ),
    );
    expect((await gateway.get('/a')).text).toBe('shop');
    server.failing = server.page = null;
    route(server, 'b', '/b', 'web');
    await answers(gateway, '/b', 'shop');
  });

  test('sends events without a version: it is watched on from the one before', async () => {
    const { server, gateway } = await followed();
    server.bookmark('');
    server.endWatches();
    route(server, 'b', '/b', 'web');
    await answers(gateway, '/b', 'shop');
  });

  test('sends objects of odd shapes: they cost themselves alone', async () => {
    const { server, gateway } = await followed();
    server.apply(ROUTES, 'shop', 'odd-1', { spec: 7 });
    server.apply(ROUTES, 'shop', 'odd-2', { spec: { parentRefs: 'edge', rules: { a: 1 } } });
    const rules = [null, 7, { matches: 'x', backendRefs: [[]] }];
    server.apply(ROUTES, 'shop', 'odd-3', { spec: { ...WEB, rules } });
    let deep: unknown = 1;
    for (let at = 0; at < 500; at++) deep = { deep };
    server.apply(ROUTES, 'shop', 'odd-4', { spec: { ...WEB, rules: [{ matches: [{ headers: deep }] }] } });
    server.apply(SLICES, 'shop', 'odd-5', {
      metadata: { labels: { 'kubernetes.io/service-name': 'web' } },
      endpoints: [null, { addresses: [{}] }],
      ports: 'none',
    });
    route(server, 'b', '/b', 'web');
    await answers(gateway, '/b', 'shop');
    expect((await gateway.get('/a')).text).toBe('shop');
  });
});
