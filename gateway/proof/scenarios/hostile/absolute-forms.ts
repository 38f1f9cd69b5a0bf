import { get } from '../../testing/http-client.ts';
import { arrives, carried, type HostileRequest, refused, turnedDown } from './case.ts';

/** RFC 9112 §3.2.2: the authority of the target beats Host, and names no other place than a route. */
export const absoluteForms: readonly HostileRequest[] = [
  carried('of http', get('http://gateway.test/db/x?y'), arrives('GET /x?y')),
  carried('of HTTP in capitals', get('HTTP://gateway.test/db/x'), arrives('GET /x')),
  carried('of https, on a port without TLS', get('https://gateway.test/db/x'), arrives('GET /x')),
  carried(
    'whose authority beats Host',
    get('http://a.test/db/x', 'Host: b.test'),
    arrives('GET /x', [], { host: 'a.test' }),
  ),
  carried(
    'that chooses the route of its host',
    get('http://Shop.TEST:81/db/x', 'Host: wrong.test'),
    arrives('GET /x', [], { host: 'Shop.TEST:81' }),
  ),
  carried('with a path of //', get('http://gateway.test/db//evil.test/x'), arrives('GET //evil.test/x')),
  carried('without a path for the prefix', get('http://gateway.test/db?x'), arrives('GET /?x')),
  {
    name: 'without a path: the own page',
    sent: [get('http://gateway.test')],
    answers: ['200'],
    end: 'open',
    forwarded: [],
  },
  {
    name: 'with a query and no path',
    sent: [get('http://gateway.test?/db/')],
    answers: ['200'],
    end: 'open',
    forwarded: [],
  },
  turnedDown('of another scheme', get('ftp://gateway.test/db/'), '400 bad_target'),
  turnedDown('of a script', get('javascript://gateway.test/db/'), '400 bad_target'),
  turnedDown('with a user', get('http://u:p@gateway.test/db/'), '400 bad_target'),
  turnedDown(
    'with a user that looks like the host',
    get('http://gateway.test@evil.test/db/'),
    '400 bad_target',
  ),
  turnedDown('with an authority that is none', get('http://a:b/db/'), '400 bad_target'),
  turnedDown('with a port that is none', get('http://gateway.test:99999/db/'), '400 bad_target'),
  turnedDown('without an authority', get('http:///db/'), '400 bad_target'),
  turnedDown('with an escape in its host', get('http://gateway%2etest/db/'), '400 bad_target'),
  turnedDown('with dot segments', get('http://gateway.test/db/../x'), '400 bad_target'),
  refused('with a backslash for a slash', get('http://gateway.test\\db/')),
  turnedDown('and a Host that is none', get('http://gateway.test/db/', 'Host: a b'), '400 bad_host'),
  turnedDown('and two Hosts', get('http://gateway.test/db/', 'Host: a', 'Host: a'), '400 bad_host'),
];
