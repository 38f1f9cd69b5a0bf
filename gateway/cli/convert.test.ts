import { expect, test } from 'vitest';
import { runHere } from '../proof/testing/portway.ts';
import { configFile } from '../proof/testing/program.ts';

async function converted(text: string) {
  return runHere(['convert', await configFile(text)]);
}

const OWN = `port: 8080
routes:
  /db: 3001
  shop.example.com/cart:
    - to: [{ at: http://cart.shop.svc:80, weight: 9 }, { at: http://next.example.org:8080 }]
      strip: false
      when: { methods: [PUT, POST], headers: { X-Version: "2" }, query: { a: b } }
      timeouts: { response: 10s }
  /old: { redirect: https://new.example.com/x, status: 301 }
  /port: { redirect: "{scheme}://{host}:8443/new" }
  /one: { to: 3002, exact: true, headers: { request: { set: { X-A: a }, remove: X-B }, answer: { add: { X-C: [c, d] } } } }
  /beta: { to: 3003, when: { cookies: { beta: 1 } } }
  /kept: { to: 3003, cache: true, hostHeader: rewrite }
  /host: { to: 3004, hostHeader: "back.internal:8080" }
`;

test('what both forms can say is the same after there and back', async () => {
  const there = await converted(OWN);
  const left = there.stderr.replaceAll(/^ {2}\S*config\.yaml:/gm, '');
  expect([there.code, left]).toEqual([
    0,
    `The Gateway API has no words for:
2:1  Location, cookies and links are put back behind prefixes (rewrite)
12:41  /beta: when cookie beta
13:22  /kept: cache
13:35  /kept: hostHeader
14:22  /host: hostHeader
`,
  ]);
  const back = await converted(there.stdout);
  expect(back.stdout).toContain(`  shop.example.com/cart:
    - to:
        - at: http://cart.shop.svc:80
          weight: 9
        - at: http://next.example.org:8080
          weight: 1
      strip: false
      rewrite: off
      timeouts:
        response: 10000ms
      when:
        methods: PUT
        headers:
          x-version: "2"
        query:
          a: b
`);
  expect(back.stdout).toContain(`  /old:
    redirect: https://new.example.com/x
    status: 301
`);
  expect(back.stdout).toContain(`  /port:
    redirect: "{scheme}://{host}:8443/new"
`);
  expect(back.stdout).toContain(`  /one:
    to:
      - at: http://one.default.svc:3002
    strip: true
    rewrite: off
    headers:
      request:
        set:
          X-A: a
        remove:
          - X-B
      answer:
        add:
          X-C:
            - c
            - d
    exact: true
`);
  // From there on, nothing changes any more.
  const again = await converted((await converted(back.stdout)).stdout);
  expect(again.stdout).toBe(back.stdout);
});

test('a backup is left out, and so is a timeout that has no words', async () => {
  const { stdout, stderr } = await converted(`routes:
  /a: { to: [3001, { at: 3002, backup: true }], strip: false, timeouts: { response: 1s, idle: 9s } }
  /b: { respond: { status: 204 } }
`);
  expect(stdout).not.toContain('3002');
  for (const line of ['2:9  /a: backup', '2:89  /a: timeouts.idle', '3:3  /b: the whole route'])
    expect(stderr).toContain(`config.yaml:${line}\n`);
  expect(stderr).not.toContain('rewrite');
});

test('a file with a problem is not converted', async () => {
  const { code, stdout, stderr } = await converted('routes:\n  /db: 3OO1\n');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('a letter O instead of a zero?');
});

test('a copy to a Service of HTTP/2 with several addresses goes to its name, by HTTP/2', async () => {
  const metadata = { name: 'copies', namespace: 'shop' };
  const slice = {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'copies' } },
    endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
    ports: [{ port: 8080 }],
  };
  const ports = [{ port: 80, appProtocol: 'kubernetes.io/h2c' }];
  const requestMirror = { backendRef: { name: 'copies', port: 80 } };
  const rules = [
    { filters: [{ type: 'RequestMirror', requestMirror }], backendRefs: [{ name: 'copies', port: 80 }] },
  ];
  const objects = [
    {
      ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', spec: { rules } },
      metadata: { ...metadata, name: 'a' },
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } },
    slice,
  ];
  const block = (object: object) =>
    Object.entries(object)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
      .join('\n');
  const { stdout } = await converted(objects.map(block).join('\n---\n'));
  expect(stdout).toContain('to: h2c://copies.shop.svc:80');
  expect(stdout).toContain('h2c://10.0.0.2:8080');
});
