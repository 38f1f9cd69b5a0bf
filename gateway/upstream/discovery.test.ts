import { describe, expect, onTestFinished, test } from 'vitest';
import type { EndpointAddress, EndpointConfig } from '../model/config.ts';
import { startNameServer } from '../proof/testing/dns-server.ts';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { until } from '../proof/testing/poll.ts';
import { Discovery } from './discovery.ts';
import type { Expansion } from './expansion.ts';
import { placesOf } from './name-resolver.ts';

const named = localAddress(80, { host: 'db.test', key: 'db.test:80', addresses: null });
const service: EndpointAddress = {
  kind: 'srv',
  key: 'srv:_http._tcp.shop.test',
  name: '_http._tcp.shop.test',
  tls: false,
};

async function discovery() {
  const server = await startNameServer();
  const source = new Discovery().source([server.address]);
  const expand = (address: EndpointAddress, overrides: Partial<EndpointConfig> = {}, changed = () => {}) => {
    const expansion = source.expand({ address, weight: 1, backup: false, ...overrides }, changed);
    onTestFinished(() => expansion.close());
    return expansion;
  };
  return { server, expand };
}

/** Key, weight and role of each, sorted. */
function shown({ endpoints }: Expansion): string[] {
  return endpoints
    .map(({ address, weight, backup }) => `${address.key} ×${weight}${backup ? ' backup' : ''}`)
    .sort();
}

describe('a name', () => {
  test('is an endpoint for each of its addresses, still called by the name', async () => {
    const { server, expand } = await discovery();
    server.set('db.test', ['192.0.2.2', '192.0.2.1']);
    const expansion = expand(named, { weight: 3 });
    await expansion.answered;
    expect(shown(expansion)).toEqual(['192.0.2.1:80 (db.test) ×3', '192.0.2.2:80 (db.test) ×3']);
    expect(expansion.endpoints[0]?.address).toMatchObject({ host: 'db.test', addresses: ['192.0.2.1'] });
  });

  test('is asked about once for all who lead to it, and no more when the last is gone', async () => {
    const { server, expand } = await discovery();
    server.set('db.test', ['192.0.2.1'], 1);
    const [one, two] = [expand(named), expand({ ...named, tls: true })];
    await Promise.all([one.answered, two.answered]);
    expect(server.timesAsked('db.test')).toBe(1);
    one.close();
    await until('it is asked about again', () => server.timesAsked('db.test') === 2);
    two.close();
    const third = expand(named);
    await third.answered;
    // It is a new one, and not the old one asked again.
    expect(server.timesAsked('db.test')).toBe(3);
  });

  test('of the tasks of a Swarm is asked about again soon, whatever its TTL', async () => {
    const { server, expand } = await discovery();
    server.set('tasks.web', ['192.0.2.1'], 600);
    const expansion = expand({ ...named, host: 'tasks.web' });
    await expansion.answered;
    server.set('tasks.web', ['192.0.2.1', '192.0.2.2'], 600);
    await until('there are two', () => expansion.endpoints.length === 2);
  });

  test('says what is wrong with it', async () => {
    const { server, expand } = await discovery();
    const expansion = expand(named);
    await expansion.answered;
    expect([expansion.endpoints, expansion.problem]).toEqual([[], 'db.test does not resolve (ENOTFOUND)']);
    server.set('db.test', ['192.0.2.1']);
    await until('it is there', () => expansion.endpoints.length === 1);
    expect(expansion.problem).toBeNull();
  });

  test('that one family’s server knows nothing of keeps the other', async () => {
    const { server, expand } = await discovery();
    server.set('db.test', ['fd00::7']);
    const expansion = expand(named);
    await expansion.answered;
    expect(shown(expansion)).toEqual(['[fd00::7]:80 (db.test) ×1']);
  });
});

describe('an SRV name', () => {
  const record = (target: string, port: number, priority = 0, weight = 0) => ({
    target,
    port,
    priority,
    weight,
  });

  test('takes host, port and weight of its records, and the later priorities for backups', async () => {
    const { server, expand } = await discovery();
    server
      .set('a.test', ['192.0.2.1'])
      .set('b.test', ['192.0.2.2', '192.0.2.3'])
      .set('c.test', ['192.0.2.4']);
    server.set('_http._tcp.shop.test', [
      record('a.test', 8001, 1, 5),
      record('b.test', 8002, 1, 0),
      record('c.test', 8003, 2, 5),
    ]);
    const expansion = expand(service, { weight: 2 });
    await expansion.answered;
    expect(shown(expansion)).toEqual([
      '192.0.2.1:8001 (a.test) ×10',
      '192.0.2.2:8002 (b.test) ×2',
      '192.0.2.3:8002 (b.test) ×2',
      '192.0.2.4:8003 (c.test) ×10 backup',
    ]);
    expect(expansion.endpoints[0]?.address).toMatchObject({ host: 'shop.test' });
  });

  test('follows its targets, and those that come later', async () => {
    const { server, expand } = await discovery();
    server.set('a.test', ['192.0.2.1'], 1).set('b.test', ['192.0.2.2'], 1);
    server.set('_http._tcp.shop.test', [record('a.test', 8001)]);
    let changes = 0;
    const expansion = expand(service, {}, () => changes++);
    await expansion.answered;
    server
      .set('a.test', ['192.0.2.9'], 1)
      .set('_http._tcp.shop.test', [record('a.test', 8001), record('b.test', 8002)]);
    await until('the target has moved', () => shown(expansion).includes('192.0.2.9:8001 (a.test) ×1'));
    expansion.refreshSoon();
    await until('another is there', () => shown(expansion).includes('192.0.2.2:8002 (b.test) ×1'));
    expect(changes).toBeGreaterThan(1);
  });

  test('says which name is wrong', async () => {
    const { server, expand } = await discovery();
    server.set('_http._tcp.shop.test', [record('a.test', 8001)]);
    const expansion = expand(service);
    await expansion.answered;
    expect(expansion.problem).toBe('a.test does not resolve (ENOTFOUND)');
  });
});

test('what the configuration says needs no name server', () => {
  const { expand } = { expand: new Discovery().source(['127.0.0.1:9']).expand };
  const expansion = expand({ address: localAddress(3001), weight: 2, backup: true }, () => {});
  expect(shown(expansion)).toEqual(['127.0.0.1:3001 ×2 backup']);
});

test('names are looked up as the system does it where no servers are named', async () => {
  const expansion = new Discovery()
    .source(null)
    .expand({ address: { ...named, host: 'localhost' }, weight: 1, backup: false }, () => {});
  onTestFinished(() => expansion.close());
  await expansion.answered;
  expect(expansion.endpoints[0]?.address).toMatchObject({ addresses: expect.arrayContaining(['127.0.0.1']) });
});

describe('the places of a name', () => {
  test.each<[string[], string[][]]>([
    [[], []],
    [['192.0.2.1'], [['192.0.2.1']]],
    [['::1', '127.0.0.1'], [['127.0.0.1', '::1']]],
    [
      ['192.0.2.2', '192.0.2.1', '192.0.2.2'],
      [['192.0.2.1'], ['192.0.2.2']],
    ],
    [
      ['fd00::1', '192.0.2.2', '192.0.2.1'],
      [['192.0.2.1', 'fd00::1'], ['192.0.2.2']],
    ],
    [
      ['fd00::2', 'fd00::1'],
      [['fd00::1'], ['fd00::2']],
    ],
  ])('of %j are %j', (addresses, places) => {
    expect(placesOf(addresses)).toEqual(places);
    expect(placesOf([...addresses].reverse())).toEqual(places);
  });
});
