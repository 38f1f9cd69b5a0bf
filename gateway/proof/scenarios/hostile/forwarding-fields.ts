import { get, request } from '../../testing/http-client.ts';
import { arrives, carried, type HostileRequest, turnedDown } from './case.ts';

const ours = arrives('GET /');
/** Where a peer that nobody trusts says it comes from: all of it goes. */
const spoofed = (name: string, ...fields: string[]) =>
  carried(`${name} of a stranger`, get('/db/', ...fields), ours);

const claims = [
  'X-Forwarded-For: 10.9.9.9',
  'X-Forwarded-Host: bank.test',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Port: 444',
  'X-Forwarded-Prefix: /admin',
  'X-Real-IP: 10.9.9.9',
  'Forwarded: for=10.9.9.9;proto=https;host=bank.test',
];
const unknown = [
  'X-Forwarded-User: admin',
  'x-forwarded-client-cert: By=x',
  'X-Forwarded-Ssl: on',
  'X-Forwarded-: x',
  'X_Forwarded_Groups: admin',
];
const named =
  'X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Prefix, Forwarded, Via, X-Real-IP, X-Request-Id, traceparent';

export const forwardingFields: readonly HostileRequest[] = [
  spoofed('X-Forwarded-For', 'X-Forwarded-For: 10.9.9.9'),
  spoofed('X-Forwarded-For, twice,', 'X-Forwarded-For: 10.9.9.9', 'x-forwarded-for: 127.0.0.1'),
  spoofed('X-Forwarded-Host', 'X-Forwarded-Host: bank.test'),
  spoofed('X-Forwarded-Proto', 'X-Forwarded-Proto: https'),
  spoofed('X-Forwarded-Port', 'X-Forwarded-Port: 444'),
  spoofed('X-Forwarded-Prefix', 'X-Forwarded-Prefix: /admin'),
  spoofed('X-Real-IP', 'X-Real-IP: 10.9.9.9'),
  spoofed('Forwarded', 'Forwarded: for=10.9.9.9;proto=https;host=bank.test'),
  spoofed('Forwarded in capitals', 'FORWARDED: for=10.9.9.9'),
  spoofed('X_Forwarded_For', 'X_Forwarded_For: 10.9.9.9'),
  spoofed('x_forwarded_proto', 'x_forwarded_proto: https'),
  spoofed('X-Forwarded_Host', 'X-Forwarded_Host: bank.test'),
  spoofed('X-Forwarded_For', 'X-Forwarded_For: 10.9.9.9'),
  spoofed('X_Forwarded_Host', 'X_Forwarded_Host: bank.test'),
  spoofed('X_Real_IP', 'X_Real_IP: 10.9.9.9'),
  spoofed('all of it, twice, in two cases,', ...claims, ...claims.map((claim) => claim.toLowerCase())),
  carried(
    'X-Forwarded-* that nobody knows of a stranger',
    get('/db/', ...unknown, 'X-Forwarding: yes'),
    arrives('GET /', ['X-Forwarding: yes']),
  ),
  spoofed('X-Request-Id', 'X-Request-Id: mine'),
  spoofed(
    'X-Forwarded-For that Connection names',
    'Connection: X-Forwarded-For',
    'X-Forwarded-For: 10.9.9.9',
  ),
  spoofed('a Traceparent that is none', 'Traceparent: 00-0-0-00'),
  carried('Connection that names our fields', get('/db/', `Connection: ${named}`), ours),
  carried(
    'Via of others',
    get('/db/', 'Via: 1.1 inside, 1.0 other'),
    arrives('GET /', ['Via: 1.1 inside, 1.0 other']),
  ),
  carried(
    'Via of others in two lines',
    get('/db/', 'Via: 1.0 fred', 'Via: 1.1 p.example (Apache/1.1)'),
    arrives('GET /', ['Via: 1.0 fred', 'Via: 1.1 p.example (Apache/1.1)']),
  ),
  carried(
    'Max-Forwards on OPTIONS',
    request('OPTIONS', '/db/', ['Max-Forwards: 3']),
    arrives('OPTIONS /', ['Max-Forwards: 2']),
  ),
  turnedDown('Max-Forwards: 0 on OPTIONS', request('OPTIONS', '/db/', ['Max-Forwards: 0']), '204'),
  carried('Max-Forwards on GET', get('/db/', 'Max-Forwards: 0'), arrives('GET /', ['Max-Forwards: 0'])),
  turnedDown(
    'a host in X-Forwarded-Host alone',
    'GET /db/ HTTP/1.1\r\nX-Forwarded-Host: a\r\n\r\n',
    '400 bad_host',
  ),
  turnedDown(
    'a path in X-Original-URL',
    get('/nowhere', 'X-Original-URL: /db/x', 'X-Rewrite-URL: /db/x'),
    '404 no_route',
  ),
];
