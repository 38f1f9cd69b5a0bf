import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { ConfigStatus, RouteStatus, StreamStatus } from '../../model/status.ts';
import { routeStatus, serviceStatus, streamStatus } from '../../proof/testing/status.ts';
import { type PageInput, renderPage, renderStatus } from './gateway-page.ts';
import { statusPolicy } from './status-script.ts';

const service = serviceStatus({
  ...{ name: 'db-process', pid: 4242, restarts: 2, lastOutput: ['quiet while it runs'] },
});
const route = (changes: Partial<RouteStatus> = {}) => routeStatus('/db', { service, ...changes });
const stream = (changes: Partial<StreamStatus> = {}) => streamStatus('tcp 7000', changes);

const config: ConfigStatus = {
  file: '/home/ada/gateway.config.yaml',
  loadedAt: Date.UTC(2026, 9, 2, 14, 1, 7),
  reloads: 3,
  rejected: null,
};

function input(changes: Partial<PageInput> = {}): PageInput {
  return {
    routes: [route()],
    streams: [],
    config,
    mode: 'development',
    address: { host: 'localhost', port: 3000 },
    ...changes,
  };
}

/** The page as a person reads it: no tags, one space between words. */
function words(html: string): string {
  const body = html.slice(html.indexOf('<body>')).replace(/<script>.*<\/script>/s, '');
  return body
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

describe('the page in development', () => {
  it('says what is mapped where, its state, the process behind it, and since when', () => {
    const text = words(renderPage(input()));
    expect(text).toContain('localhost:3000');
    expect(text).toContain('The route is up.');
    expect(text).toContain('/db line 7 Up 127.0.0.1:3001 db-process ready, pid 4242, restarted 2 times');
    expect(text).toContain('/home/ada/gateway.config.yaml');
    expect(text).toContain('2026-10-02 14:01:07 UTC , changed 3 times since the start');
    expect(text).not.toContain('quiet while it runs');
  });

  it('says why an endpoint is down, how its process ended and what it last said', () => {
    const down = route({
      endpoints: [{ address: '127.0.0.1:3001', state: 'down', reason: 'nothing listens on 3001' }],
      service: {
        ...service,
        state: 'restarting',
        pid: null,
        lastExit: { code: 1, signal: null, at: 0 },
        lastOutput: ['\u001b[31mError\u001b[0m: no space left', '    at db.ts:1'],
      },
    });
    const html = renderPage(input({ routes: [down] }));
    expect(words(html)).toContain('Down 127.0.0.1:3001 nothing listens on 3001 db-process restarting');
    expect(words(html)).toContain('exited with code 1');
    expect(html).toContain('Error: no space left\n    at db.ts:1</pre>');
  });

  it('gives each of several endpoints its own word', () => {
    const both = route({
      endpoints: [
        { address: '127.0.0.1:3001', state: 'up', reason: null },
        { address: 'unix:/run/app.sock', state: 'unknown', reason: null },
        { address: '127.0.0.1:3011', state: 'down', reason: null },
      ],
      service: null,
    });
    expect(words(renderPage(input({ routes: [both] })))).toContain(
      'Partly up Up 127.0.0.1:3001 Not known unix:/run/app.sock Down 127.0.0.1:3011 not run by Portway',
    );
  });

  it('says nothing of a process where the gateway answers by itself', () => {
    const endpoints = [{ address: 'a redirect (308) to /new', state: 'up' as const, reason: null }];
    const own = words(renderPage(input({ routes: [route({ endpoints, service: null })] })));
    expect(own).toContain('Up a redirect (308) to /new Configuration');
  });

  it.each([
    { what: 'a path', changes: { path: '/db' }, href: '/db' },
    { what: 'a path that looks like a host', changes: { path: '//evil.example' }, href: '/.//evil.example' },
    {
      what: 'a host',
      changes: { host: 'shop.localhost', path: '/cart' },
      href: 'http://shop.localhost:3000/cart',
    },
    { what: 'a path with quotes', changes: { path: '/"><b>' }, href: '/&quot;&gt;&lt;b&gt;' },
  ])('links to $what', ({ changes, href }) => {
    const html = renderPage(input({ routes: [route(changes)] }));
    expect(html).toContain(`<a class="path" id="route-0" href="${href}">`);
  });

  it('keeps the scheme that the browser came with, and leaves its port out where it is the usual one', () => {
    const routes = [route({ host: 'shop.example', path: '/' })];
    const address = { scheme: 'https', host: 'shop.example', port: 443 } as const;
    expect(renderPage(input({ routes, address }))).toContain('href="https://shop.example/"');
  });

  it('does not link to a pattern of hosts', () => {
    const html = renderPage(input({ routes: [route({ host: '*.example.com', label: '*.example.com/' })] }));
    expect(html).not.toContain('<a class="path"');
    expect(words(html)).toContain('*.example.com / line 7');
  });

  it('leads to the dashboard where there is one', () => {
    expect(renderPage(input({ dashboard: true }))).toContain('href="//portway.localhost:3000/"');
    expect(words(renderPage(input({ dashboard: true })))).toContain('dev Map Stream Heat Try it Config');
    expect(renderPage(input())).not.toContain('portway.localhost');
    expect(renderPage(input({ dashboard: true, mode: 'production' }))).not.toContain('portway.localhost');
  });

  it('shows the problems of a file that was refused, before anything else', () => {
    const rejected = 'gateway.config.yaml:7:11  routes./files.to  expected a port\n    7 |   /files: 3OO2\n';
    const html = renderPage(input({ config: { ...config, rejected } }));
    expect(words(html)).toContain('gateway.config.yaml was not taken into use');
    expect(html).toContain('role="alert"');
    expect(html).toContain('expected a port\n    7 |   /files: 3OO2</pre>');
    expect(html.indexOf('3OO2')).toBeLessThan(html.indexOf('<table'));
  });

  it('says where raw ports lead, and why one is not open', () => {
    const streams = [
      stream({ service: { ...service, name: 'echo', state: 'restarting', lastOutput: ['no memory'] } }),
      stream({ id: 'udp 7000', endpoints: [{ address: 'localhost:7001', state: 'unknown', reason: null }] }),
      stream({ id: 'tcp 7002', problem: "can't listen on 127.0.0.1:7002: the port is taken" }),
    ];
    const html = renderPage(input({ streams }));
    expect(words(html)).toContain('tcp 7002 is down.');
    expect(words(html)).toContain('tcp 7000 line 21 Up localhost:7001 echo restarting');
    expect(words(html)).toContain('udp 7000 line 21 Not known localhost:7001 not run by Portway');
    expect(words(html)).toContain('Down localhost:7001 can&#39;t listen on 127.0.0.1:7002');
    expect(html).toContain('id="output-stream-0"');
    expect(html).not.toMatch(/<a [^>]*7000/);
  });

  it('says how to begin where there is no route', () => {
    expect(words(renderPage(input({ routes: [] })))).toContain(
      'Add one below routes: in gateway.config.yaml',
    );
  });
});

describe('the page in production', () => {
  const routes = [
    route(),
    route({
      path: '/chat',
      endpoints: [{ address: '10.1.2.3:3004', state: 'down', reason: 'nothing listens' }],
    }),
    route({ host: 'tenant.example', label: 'tenant.example/x', path: '/x' }),
  ];
  const production = input({
    routes,
    streams: [stream()],
    mode: 'production',
    config: { ...config, rejected: 'line 7 is wrong' },
  });

  it('says which paths are up and down', () => {
    expect(words(renderPage(production))).toContain('Path State /db Up /chat Down');
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '3001',
    '3004',
    '3000',
    'localhost',
    'db-process',
    '4242',
    'gateway.config',
    '/home/ada',
    'line 7',
    'nothing listens',
    'tenant.example',
    '2026',
    '7000',
    '7001',
  ])('does not say %s, and nor does its JSON', (secret) => {
    expect(words(renderPage(production))).not.toContain(secret);
    expect(renderStatus(production)).not.toContain(secret);
  });
});

describe('the page as a document', () => {
  const html = renderPage(input());

  it.each(['style', 'script'])('has one %s, which is the one that its policy allows', (tag) => {
    const [content, ...more] = [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map(
      ([, text]) => text!,
    );
    expect(more).toEqual([]);
    const hash = createHash('sha256').update(content!).digest('base64');
    expect(statusPolicy).toContain(`${tag}-src 'sha256-${hash}'`);
  });

  it('has a policy that allows nothing else', () => {
    expect(statusPolicy).toContain("default-src 'none'");
    expect(statusPolicy).not.toMatch(/unsafe|\*|https?:/);
  });

  it('has a script that can be read', () => {
    const [, script] = /<script>(.*?)<\/script>/s.exec(html)!;
    expect(() => new Script(script!)).not.toThrow();
  });

  it('asks for nothing from elsewhere', () => {
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address!);
    expect(addresses.filter((address) => !/^(\/|data:image\/svg\+xml,)/.test(address))).toEqual([]);
  });

  it('reloads by itself where there is no JavaScript', () => {
    expect(html).toMatch(/<noscript><meta http-equiv="refresh" content="\d+"><\/noscript>/);
  });

  it('carries the version that its JSON has', () => {
    const { version } = JSON.parse(renderStatus(input()));
    expect(html).toContain(`<main data-version="${version}">`);
  });
});

describe('hostile text on the page', () => {
  const hostile = '"\'><img src=x onerror=alert(1)></pre></script><script>\u0000\u001b[2J\u202e';
  const html = renderPage(
    input({
      routes: [
        route({
          id: hostile,
          label: hostile,
          path: `/${hostile}`,
          endpoints: [{ address: hostile, state: 'down', reason: hostile }],
          service: { ...service, name: hostile, state: 'stopped', lastOutput: [hostile] },
        }),
        route({ host: hostile, label: `${hostile}/` }),
      ],
      config: { ...config, file: `/x/${hostile}`, rejected: hostile },
      address: { host: hostile, port: 3000 },
    }),
  );

  it('adds no element, and no control byte', () => {
    expect(html).not.toContain('<img');
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html.match(/<pre/g)).toHaveLength(2);
    expect(html.replace(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
