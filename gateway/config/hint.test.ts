import { describe, expect, it } from 'vitest';
import { contentOf } from '../files/content.ts';
import { editDistance, lettersInNumber, nearest } from '../keys/hint.ts';
import { loadContent } from './load.ts';
import { adviseKey } from './vocabulary.ts';

describe('the nearest word', () => {
  it.each([
    ['prot', ['port', 'host'], 'port'],
    ['timeout', ['timeouts', 'to'], 'timeouts'],
    ['max_connections', ['maxConnections'], 'maxConnections'],
    ['HOSTHEADER', ['hostHeader'], 'hostHeader'],
    ['of', ['on', 'off'], 'off'],
    ['xyz', ['port', 'host'], null],
    ['t', ['to'], 'to'],
    ['', ['to'], null],
  ])('to %j among %j is %j', (word, known, expected) => {
    expect(nearest(word, known)).toBe(expected);
  });
});

describe('the edit distance', () => {
  it.each([
    ['port', 'port', 0],
    ['prot', 'port', 1],
    ['prt', 'port', 1],
    ['porrt', 'port', 1],
    ['pork', 'port', 1],
    ['kitten', 'sitting', 3],
    ['abc', 'xyz', 3],
  ])('of %s and %s is %i', (a, b, distance) => {
    expect(editDistance(a, b, 9)).toBe(distance);
    expect(editDistance(b, a, 9)).toBe(distance);
  });

  it('is not counted beyond the limit', () => {
    expect(editDistance('a'.repeat(1000), 'b', 3)).toBe(3);
  });
});

describe('letters that look like digits', () => {
  it.each([
    ['3OO1', 'a letter O instead of a zero?'],
    ['3oo1', 'a letter O instead of a zero?'],
    ['300l', 'a letter l or I instead of a one?'],
    ['3001', null],
    ['lol', null],
    ['3001x', null],
  ])('%s', (text, expected) => {
    expect(lettersInNumber(text)).toBe(expected);
  });
});

describe('advice about a key of another program', () => {
  const route = ['to', 'balance', 'health', 'ejection', 'limits', 'breaker', 'retries', 'timeouts'];

  it.each([
    ['least_conn', 'here it is balance: least-requests'],
    ['ip_hash', 'here it is balance: hash'],
    ['lb_policy', 'here it is called balance'],
    ['max_fails', 'here it is called ejection'],
    ['max-conns', 'here it is called limits'],
    ['healthCheck', 'here it is called health'],
    ['circuit_breaker', 'here it is called breaker'],
    ['proxy_next_upstream', 'here it is called retries'],
  ])('%s at a route', (key, hint) => {
    expect(adviseKey(key, route, 'a route', null).hint).toBe(hint);
  });

  it.each([
    ['max_fails', 'it is said of the whole route, and called ejection'],
    ['slow_start', 'it is said of the whole route, and called slowStart'],
    ['wieght', 'did you mean weight?'],
    ['server', 'here it is called at'],
    ['down', 'the keys are at, weight, backup'],
  ])('%s at an endpoint', (key, hint) => {
    expect(adviseKey(key, ['at', 'weight', 'backup'], 'an endpoint', null).hint).toBe(hint);
  });
});

describe('advice about an unknown key', () => {
  const route = ['to', 'strip', 'when', 'timeouts'];

  it.each([
    ['stirp', 'did you mean strip?'],
    ['proxy_pass', 'here it is called to'],
    ['methods', 'conditions stand below "when:"'],
    ['retry_policy', 'it stands at the top level, beside "routes:", and is called retries'],
    ['weight', 'it is said of an endpoint: "to: { at: 3001, weight: 3 }", or a list of such'],
    ['/sub', 'routes do not nest: write the whole path as a key of "routes:"'],
    ['constructor', 'the keys are to, strip, when, timeouts'],
    ['to:3001', 'a space is missing after the colon: to: 3001'],
  ])('%s', (key, hint) => {
    expect(adviseKey(key, route, 'a route', null)).toEqual({ expected: 'a key of a route', hint });
  });
});

describe('a hint that is followed leads to what is accepted', () => {
  it.each([
    ['tls: off', 'leave the key out', ''],
    ['admin: none', 'here it is called off', 'admin: off'],
    ['host: "*"', 'every address is "0.0.0.0"', 'host: 0.0.0.0'],
    ['host: 0.0.0.0:80', 'host: 0.0.0.0, port: 80', '{ host: 0.0.0.0, port: 80, routes: {} }'],
    ['trustProxy: "*"', 'they are [0.0.0.0/0, "::/0"]', 'trustProxy: [0.0.0.0/0, "::/0"]'],
    ['timeouts: { connect: 2000 }', 'its unit: 2000ms?', 'timeouts: { connect: 2000ms }'],
    ['timeouts: { idle: 1.5 }', 'its unit: 1.5s or 1.5m?', 'timeouts: { idle: 1.5s }'],
    [
      'port: 99999999999999999999',
      'got "99999999999999999999"\n    1 | port: 99999999999999999999\n      |       ^^^^^^^^^^^^^^^^^^^^  ports end at 65535',
      'port: 65535',
    ],
    ['retries: 10', '{ attempts: 10 }', 'retries: { attempts: 10 }'],
    ['rateLimit: { rate: 100 }', '100/s', 'rateLimit: { rate: 100/s }'],
    ['log: { level: warning }', 'here it is called warn', 'log: { level: warn }'],
    ['breaker: none', 'here it is called off', 'breaker: off'],
    ['shared: on', 'without one the key is left out', ''],
    ['shared: redis://:50%@h', '% is written %25', 'shared: redis://:50%25@h'],
    ['bandwidth: {}', 'bandwidth: off', 'bandwidth: off'],
    ['allowMethods: GET', 'it stands below "cors:"', 'cors: { methods: GET }'],
    ['lb_policy: rr', 'at a route, and is called balance', 'routes: { /a: { to: 1, balance: round-robin } }'],
    ['strip: off', 'it stands at a route', 'routes: { /a: { to: 1, strip: off } }'],
    [
      'routes: { /a: { to: 1, listen: 80 } }',
      'at the top level, beside "routes:", and is called port',
      'port: 80',
    ],
    [
      'routes: { /a: { to: 1, forceHttps: on } }',
      '"tls: { redirect: true }"',
      'tls: { certificates: dev, redirect: true }',
    ],
    ['routes: { /a: { to: 1, cachedir: ./c } }', 'the keys are to,', ''],
    ['routes: { /a: { to: 1, tls: true } }', 'those of services: { ca: ', 'routes: { /a: "https://a" }'],
    ['routes: { /a: "*:3001" }', 'its port alone: 3001', 'routes: { /a: 3001 }'],
    ['routes: { "PathPrefix(`/a`)": 1 }', 'rule around it: /a', 'routes: { /a: 1 }'],
  ])('%s: %s', async (wrong, hint, mended) => {
    const load = (yaml: string) => {
      const text = /^(?:\{|routes)/.test(yaml) ? yaml : `${yaml}\nroutes: {}\n`;
      return loadContent(contentOf(Buffer.from(text)), 'a.yaml', {});
    };
    const [before, after] = [await load(wrong), await load(mended)];
    expect(before.ok ? 'accepted' : before.formatted).toContain(hint);
    expect(after.ok || after.formatted).toBe(true);
  });
});

describe('guesses of somebody who comes from another gateway', () => {
  it.each([
    ['tls: { dev: true }', 'here it is called certificates'],
    ['tls: { email: a@example.com }', 'here it is called acme'],
    ['tls: internal', 'here it is called dev'],
    ['errorPages: ./404.html', 'say which answers have the page: { 404: ./404.html, 5xx: ./down.html }'],
    ['cors: "*"', 'on is every origin, without cookies'],
    ['cors: { allowedOrigins: ["*"] }', 'here it is called origins'],
    ['auth: { users: ./users.txt }', 'here it is called basic'],
    ['rateLimit: 250', 'with its key: { rate: 250/s }'],
    ['rateLimit: 1000/m', 'with its key: { rate: 1000/m }'],
    ['rateLimit: 10r/s', 'with its key: { rate: 10/s }'],
    ['rateLimit: 0/s', 'with its key: { rate: 100/s }'],
    ['rateLimit: { rate: 1/s, period: 1m }', 'expected a key of a rate limit'],
    ['respond: hello', 'with its key: { status: 200'],
    ['errorPages: { 5XX: ./down.html }', 'did you mean 5xx?'],
    ['errorPages: { "502,503": ./down.html }', 'each status has a line of its own'],
    ['tls: letsencrypt', 'acme: on orders certificates'],
    ['tls: true', 'acme: on orders certificates'],
    ['tls: { acme: on, minVersion: TLSv1.2 }', 'its number alone: "1.2"'],
    ['limits: { rate: 10/s }', 'it is said of the whole route, and called rateLimit'],
    ['bandwidth: { rate: 1MB/s, by: route, requests: 1MB/s }', 'here it is called answers'],
    ['limits: { bandwidth: 1MB/s }', 'it is said of the whole route, and called bandwidth'],
    ['retries: { on: [502] }', 'an answer, 503 too, is passed on'],
    ['timeouts: { server: 3s }', 'here it is called response'],
    ['proxy_read_timeout: 60s', 'times stand below "timeouts:"'],
    ['proxy_buffering: off', 'nothing has to be set'],
    ['compress: gzip', '{ encodings: [br, gzip] }'],
    ['headers: { answer: { X-A: 1 } }', 'set: { X-Team: shop }'],
    ['auth: { basic: { ann: word } }', 'portway passwd'],
    ['deny: all', '"allow:" alone refuses all others'],
    ['set_real_ip_from: 10.0.0.0/8', 'here it is called trustProxy'],
    ['port: ":80"', 'without the colon: 80'],
    ['prometheus: true', 'the admin listener has them at /metrics'],
    ['access_log: off', 'each exchange is a line'],
    ['defaults: { bodyMax: 1MB }', 'beside "routes:" is the default'],
    ['location /a: 3001', '"routes:": /a: 3001'],
    ['traces: jaeger:4317', 'otlp: http://127.0.0.1:4318'],
    ['routes: { /a: ./public }', '{ folder: ./public }'],
    ['routes: { /a: 3001 weight=3 }', '{ at: 3001, weight: 3 }'],
    ['routes: { default: 3001 }', '/ is the route of everything'],
    ['routes: { GET /a: 3001 }', 'when: { methods: GET }'],
    ['routes: { /a: { to: 1, rewrite: /b } }', '"rewritePrefix: /api"'],
    ['routes: { /a: { to: 1, priority: 9 } }', 'the order in the file does not matter'],
    ['routes: { /a: { to: 1, balance: { hash: cookie:sid } } }', '{ cookie: sid }'],
    ['routes: { /a: { to: 1, health: { passive: true } } }', '"ejection:" of the route'],
    ['routes: { /a: { to: 1, cache: { ttl: 60s } } }', 'its own Cache-Control'],
    ['routes: { /a: { to: 1, cache: { path: ./c } } }', 'here it is called file'],
    ['routes: { /a: { to: 1, cache: { size: 1GB } } }', 'here it is called maxSize'],
  ])('%s: %s', async (yaml, hint) => {
    const text = yaml.startsWith('routes') ? yaml : `${yaml}\nroutes: {}\n`;
    const result = await loadContent(contentOf(Buffer.from(text)), 'a.yaml', {});
    expect(result.ok ? '' : result.formatted).toContain(hint);
  });
});

describe('what other programs have as a setting and Portway has not', () => {
  it.each([
    ['certificates', /^certificates stand below "tls:"/],
    ['letsencrypt', /^certificates are ordered by "tls: { acme: on }"/],
    ['oidc', /^it stands below "auth:"/],
    ['websocket', /^nothing has to be set/],
    ['users', /^it stands below "auth:"/],
    ['origins', /^it stands below "cors:"/],
    ['redirect', /^a redirect stands at a route/],
    ['gzip', /^compression is a switch/],
    ['static', /^files are a route/],
    ['host', /^a host stands in the key of the route/],
    ['rateLimit', /^limits of clients are: rateLimit/],
  ])('%s has an answer of its own, for a route and for all', (key, hint) => {
    for (const known of [
      ['to', 'strip', 'when'],
      ['routes', 'port', 'admin'],
    ])
      expect(adviseKey(key, known, 'a route', {}).hint).toMatch(hint);
  });
});

describe('the file of another program', () => {
  it.each([
    [
      'nginx',
      'upstream a {\n  server 127.0.0.1:1;\n}\nserver {\n  location / { proxy_pass http://a; }\n}\n',
      1,
    ],
    ['nginx', '# mine\nhttp {\n  gzip on; # yes\n}\n', 2],
    ['Caddyfile', 'example.com {\n\treverse_proxy :3001\n}\n', 1],
    ['Caddyfile', '{\n\temail a@b.test\n}\n:80 {\n\troot * /srv\n\tfile_server\n}\n', 4],
    ['nginx', '# all routes: see below\nserver {\n  listen 80;\n}\n', 2],
    ['Caddyfile', 'example.com\n\nreverse_proxy localhost:3001\n', 3],
    ['HAProxy', 'global\n  maxconn 9\nfrontend web\n  bind :80\n', 1],
    ['Traefik', 'http:\n  routers:\n    a: { rule: "PathPrefix(`/a`)", service: a }\n', 1],
    ['Traefik', '[entryPoints.web]\n  address = ":80"\n', 1],
    ['Compose', 'services:\n  web:\n    image: nginx\n    ports: ["80:80"]\n', 1],
    ['Compose', '# routes: elsewhere\nservices:\n  web:\n    build:\n      context: .\n', 2],
    [
      'Kubernetes',
      'apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nspec:\n  routes:\n    - kind: Rule\n',
      1,
    ],
    ['Kubernetes', 'apiVersion: networking.k8s.io/v1\nkind: Ingress\n', 1],
  ])('of %s is one problem with a hint: %j', async (name, text, line) => {
    const loaded = await loadContent(contentOf(Buffer.from(text)), 'x', {});
    expect(loaded).toMatchObject({
      ok: false,
      problems: [
        { line, found: expect.stringContaining(name), hint: expect.stringMatching(/`|Gateway API/) },
      ],
    });
  });

  it.each([
    'routes: { /a: 3001 }\nservices:\n  a:\n    run: x\n    port: 3001\n',
    '{ "services": {}, "routes": {\n"/a": 3001 } }',
    'routes:\n  /a: 3001 # location /a { proxy_pass http://a; }\n',
  ])('is not seen in %j', async (text) => {
    expect((await loadContent(contentOf(Buffer.from(text)), 'x', {})).ok).toBe(true);
  });

  it('is not seen in processes named as its keys', async () => {
    const text = 'services:\n  image:\n    run: x\n  build: { run: x }\n  ports:\n    run: x\n';
    const loaded = await loadContent(contentOf(Buffer.from(text)), 'x', {});
    expect(loaded).toMatchObject({ problems: [{ expected: 'the key "routes"' }] });
  });
});
