import { describe, expect, test } from 'vitest';
import { routeConfig } from '../proof/testing/route-config.ts';
import { explain } from './explain.ts';
import { formatExplanation } from './explain-text.ts';
import type { ExplainInput } from './explanation.ts';
import { ServedHosts } from './served-hosts.ts';
import { buildRouteTable } from './table.ts';

const routes = [
  routeConfig('/', { line: 9 }),
  routeConfig('/db', { line: 10 }),
  routeConfig('/db', {
    id: '/db#2',
    line: 11,
    headers: [{ name: 'x-tier', value: 'gold' }],
    methods: ['PUT'],
  }),
  routeConfig('/cart', { line: 12, host: 'shop.localhost' }),
];

const OPTIONS = { hosts: new ServedHosts([]), page: true };

function text(target: string, input: Partial<ExplainInput> = {}, from = routes, colour = false): string {
  const asked = { method: 'GET', target, host: 'localhost:3000', file: 'gateway.config.yaml', ...input };
  return formatExplanation(explain(buildRouteTable(from, OPTIONS), asked), { colour });
}

const ESC = String.fromCharCode(27);

describe('on the terminal', () => {
  test('a forwarded request shows its route, what the service sees, and why the others lost', () => {
    const changes = { added: [['Via', '1.1 portway'] as const], removed: ['Connection', 'TE'] };
    expect(text('/%64b/users?x=1', { changes })).toBe(`\
GET /%64b/users?x=1  host localhost

✔ /db takes it  gateway.config.yaml:10:3
    prefix    /%64b (which is /db): taken off
    service   127.0.0.1:3001 or [::1]:3001
    it sees   GET /users?x=1
    Host      as the client sent it
    lane      wire  (a plain route)
    headers   + Via: 1.1 portway
              - Connection
              - TE

Why not the others
    /                    line 9   matches too, but /db has the longer path
    /db#2                line 11  takes PUT, not GET; asks for the header x-tier to be "gold", which is missing
    shop.localhost/cart  line 12  is for the host shop.localhost, the request is for localhost
`);
  });

  test('a label stands apart from what it says, however long it is', () => {
    const policies = [{ policy: 'concurrent', status: null, says: 'at most 1 by ip at once' }];
    expect(text('/db', { policies })).toContain('    concurrent at most 1 by ip at once\n');
  });

  test('a long route does not push what is said of the others out of sight', () => {
    const long = `/${'long/'.repeat(20)}end`;
    const shown = text('/db', {}, [...routes.slice(1), routeConfig(long, { line: 13 })]);
    expect(shown).toContain('\n    shop.localhost/cart           line 12  is for the host');
    expect(shown).toContain(`\n    ${long}  line 13  has segment 1`);
  });

  test('a 404 shows the nearest routes first', () => {
    expect(text('/DB', {}, routes.slice(1))).toBe(`\
GET /DB  host localhost

✘ 404  no route takes this request.

Did you mean
    /db    line 10  has segment 1 "db", the request has "DB" (case counts)
    /db#2  line 11  has segment 1 "db", the request has "DB" (case counts)

Other routes
    shop.localhost/cart  line 12  is for the host shop.localhost, the request is for localhost
`);
  });

  test('a refused target shows where, why, and what to send in its place', () => {
    expect(text('/a/%2e%2e/b?x')).toBe(`\
GET /a/%2e%2e/b?x  host localhost

✘ 400  the target has a . or .. segment, literal or encoded (dot-segment)
    /a/%2e%2e/b?x
       ^^^^^^
    Resolve . and .. before sending, as browsers do, and curl without --path-as-is.
    Instead: /b?x
`);
  });

  test.each([
    ['ws://h/x', '    ^^\n'],
    ['http://u:p@h/x', '           ^^^^^\n'],
    ['/a%zz', '      ^^^\n'],
    ['/a%', '      ^\n'],
    ['', '    ^\n'],
    ['/a\nb', '      ^^^^\n'],
    [`/${'x'.repeat(5_000)}\\y`, `    ${' '.repeat(61)}^\n`],
  ])('the caret stands under the fault of %.20j', (target, caret) => {
    expect(text(target)).toContain(`\n${caret}`);
  });

  test('a redirected navigation shows where the browser goes', () => {
    const shown = text('/db?x', { headers: [['sec-fetch-mode', 'navigate']] });
    expect(shown).toContain('↪ 308  a browser is sent to /db/?x first');
    expect(shown).toContain('✔ /db takes it');
  });

  test.each(['', 'http://localhost:3000'])(
    'a way around a narrower route is pointed at, after "%s"',
    (origin) => {
      const walled = [routeConfig('/db', { line: 10 }), routeConfig('/db/archive', { line: 11 })];
      const path = `${origin}/db/archive%2Fx?y=1`;
      expect(text(path, {}, walled)).toBe(`\
GET ${path}  host localhost

✘ 400  the target belongs to /db as it stands, and to /db/archive where a service reads it as /db/archive/x (ambiguous-route)
    ${path}
    ${' '.repeat(origin.length)}           ^^^
    Ask for the path that is meant, with single slashes, and without parameters or escaped separators where routes part.
    Instead: ${origin}/db/archive/x?y=1
`);
    },
  );

  test.each<[string, string, Partial<ExplainInput>, string]>([
    ['the page of its own', '/', {}, "✔ no route takes /, so the gateway's own page stands here."],
    ['the server as a whole', '*', { method: 'OPTIONS' }, '✔ the gateway answers this itself'],
    ['a refused method', '/db', { method: 'TRACE' }, '✘ 405  the gateway takes no TRACE'],
    ['a host that is not served', '/db', { host: 'evil.test' }, '✘ 421  evil.test is not among the hosts'],
    ['what to write for it', '/db', { host: 'evil.test:3000' }, '    allowedHosts: [evil.test]\n'],
    ['no host', '/cart', { host: null }, 'is for the host shop.localhost, the request is for none'],
  ])('%s is told', (_name, target, input, expected) => {
    expect(text(target, input, routes.slice(1))).toContain(expected);
  });

  test('a route without stripping, an exact one, and one for everything are told apart', () => {
    expect(text('/db', {}, [routeConfig('/db', { strip: false })])).toContain('/db: kept (strip: false)');
    expect(text('/db', {}, [routeConfig('/db', { exact: true })])).toContain('/db, exactly: taken off');
    expect(text('/db', {}, [routeConfig('/')])).toContain('/: nothing to take off');
    const extended = routeConfig('/', { extend: '/app/routes/db.ts', hostHeader: 'rewrite' });
    expect(text('/db', {}, [extended])).toContain('extended  by /app/routes/db.ts');
    expect(text('/db', {}, [extended])).toContain(
      'lane      general  (extended in code, which needs Fastify)',
    );
    expect(text('/db', {}, [extended])).toContain('Host      the name of the service');
  });

  test('of many routes the first dozen is shown', () => {
    const many = Array.from({ length: 40 }, (_, at) => routeConfig(`/service${at}`, { line: at + 1 }));
    const lines = text('/service0', {}, many).split('\n');
    expect(lines.filter((line) => line.includes('has segment 1'))).toHaveLength(12);
    expect(lines).toContain('    and 27 more');
  });

  test('without a file a route is told by its line alone', () => {
    const explanation = explain(buildRouteTable(routes), { method: 'GET', target: '/db', host: null });
    expect(formatExplanation(explanation, { colour: false })).toContain('✔ /db takes it  line 10\n');
  });

  test('colours are there only when asked for', () => {
    expect(text('/db/x')).not.toContain(ESC);
    const coloured = text('/db/x', {}, routes, true);
    expect(coloured).toContain(`${ESC}[32m✔${ESC}[0m`);
    expect(coloured.replaceAll(new RegExp(`${ESC}\\[\\d+m`, 'g'), '')).toBe(text('/db/x'));
  });

  test('nothing that was sent reaches the terminal as a control character', () => {
    const hostile = `${ESC}[2J\u202e\u0085`;
    const shown = [
      text(`/${hostile}`),
      text('/db', { method: hostile }),
      text('/db', { host: hostile }),
      text('/db', { headers: [['x-tier', hostile]], method: 'PUT' }),
      text('/db', { changes: { added: [[hostile, hostile]], removed: [hostile] } }),
    ];
    for (const one of shown) expect(one.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });
});
