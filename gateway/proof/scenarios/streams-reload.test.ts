import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openDatagrams } from '../testing/datagram.ts';
import { freeDatagramPort, freePorts } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { connect } from '../testing/raw-client.ts';
import { type ScriptedService, startService } from '../testing/service.ts';

const routes = (name = 'x') => `routes: { /${name}: 1 }\n`;

/** The `streams:` of a configuration. */
function streams(tcp: Record<number, number | string>, udp: Record<number, number | string> = {}): string {
  const lines = (map: object) => Object.entries(map).map(([port, to]) => `    ${port}: ${to}\n`);
  return `streams:\n  tcp:\n${lines(tcp).join('')}  udp:\n${lines(udp).join('')}`.replace(
    / {2}\w+:\n(?! {4})/g,
    '',
  );
}

/** A connection through a stream, and a way to see that it carries bytes. */
async function openThrough(port: number, service: ScriptedService) {
  const client = await connect(port, { halfOpen: true });
  await client.send('hello');
  const connection = await service.connectionThatSays('hello');
  const lives = async () => {
    await client.send('ping');
    expect((await connection.bytes(4)).toString()).toBe('ping');
    await connection.send('pong');
    expect((await client.bytes(4)).toString()).toBe('pong');
  };
  return { client, connection, lives };
}

function changes(gateway: TestGateway) {
  return gateway.log.records.filter(({ msg }) => msg === 'configuration reloaded');
}

describe('on a reload', () => {
  test('connections and sessions of unchanged streams live on, and their ports are never let go of', async () => {
    const service = await startService({ halfOpen: true });
    const datagrams = (await openDatagrams()).answer((text) => text.toUpperCase());
    const port = await freeDatagramPort();
    const unchanged = streams({ [port]: service.port }, { [port]: datagrams.port });
    const gateway = await startTestGateway(routes() + unchanged);
    const { lives } = await openThrough(port, service);
    const client = await openDatagrams();
    for (let turn = 0; turn < 5; turn++) {
      await client.send('hello', port);
      await client.next();
      await lives();
      await gateway.editAndReload(`# moved down a line\n${routes(`x${turn}`)}${unchanged}`);
      await (await openThrough(port, service)).lives();
    }
    expect(new Set(datagrams.received.map(({ from }) => from.port)).size).toBe(1);
    expect((await gateway.gateway.figure('streams')).map(({ line }) => line)).toEqual([5, 7]);
  });

  test('a stream that is added is served, one that is removed is not, and the log names both', async () => {
    const service = await startService({ halfOpen: true });
    const [gone, added] = (await freePorts(2)) as [number, number];
    const gateway = await startTestGateway(routes() + streams({ [gone]: service.port }));
    await gateway.editAndReload(routes() + streams({ [added]: service.port }));
    await (await openThrough(added, service)).lives();
    await expect(connect(gone)).rejects.toThrow('ECONNREFUSED');
    expect(changes(gateway)).toEqual([
      expect.objectContaining({
        added: [`tcp ${added}`],
        removed: [`tcp ${gone}`],
        changed: [],
        settings: [],
      }),
    ]);
  });

  test('a connection to a stream that was removed goes on for now, and the port is free for others', async () => {
    const service = await startService({ halfOpen: true });
    const [port] = (await freePorts(1)) as [number];
    const gateway = await startTestGateway(routes() + streams({ [port]: service.port }));
    const { lives } = await openThrough(port, service);
    await gateway.editAndReload(routes());
    const other = createServer((socket) => socket.end('other')).listen(port, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    expect((await (await connect(port)).rest()).bytes.toString()).toBe('other');
    await lives();
  });

  test('new connections of a changed stream go to the new endpoint', async () => {
    const [before, after] = [await startService({ halfOpen: true }), await startService({ halfOpen: true })];
    const [port] = (await freePorts(1)) as [number];
    const gateway = await startTestGateway(routes() + streams({ [port]: before.port }));
    const old = await openThrough(port, before);
    await gateway.editAndReload(routes() + streams({ [port]: after.port }));
    await (await openThrough(port, after)).lives();
    await old.lives();
    const seen = changes(gateway)[0];
    expect(seen).toMatchObject({ added: [], removed: [], changed: [`tcp ${port}`], settings: [] });
  });

  test('a UDP port can be taken away and given back', async () => {
    const service = (await openDatagrams()).answer((text) => text.toUpperCase());
    const port = await freeDatagramPort();
    const gateway = await startTestGateway(routes() + streams({}, { [port]: service.port }));
    const client = await openDatagrams();
    await client.send('hello', port);
    await client.next();
    await gateway.editAndReload(routes());
    await (await openDatagrams(port)).close();
    await gateway.editAndReload(routes() + streams({}, { [port]: service.port }));
    await client.send('again', port);
    expect((await client.next()).text).toBe('AGAIN');
  });

  test('a port that is taken is told, the others serve, and it opens when it is free', async () => {
    const service = await startService({ halfOpen: true });
    const [taken, free] = (await freePorts(2)) as [number, number];
    const holder = createServer().listen(taken, '127.0.0.1');
    await once(holder, 'listening');
    const gateway = await startTestGateway(routes());
    await gateway.editAndReload(routes() + streams({ [taken]: service.port, [free]: service.port }));
    await (await openThrough(free, service)).lives();
    const line = await gateway.log.find(
      'the trouble',
      ({ level, stream }) => level === 50 && stream === `tcp ${taken}`,
    );
    expect(line.msg).toContain(
      `can't listen on 127.0.0.1:${taken} (the stream tcp ${taken}): the port is taken`,
    );
    const problem = async () => {
      const streams = await gateway.gateway.figure('streams');
      return streams.find(({ listen }) => listen.port === taken)?.problem ?? null;
    };
    expect(await problem()).toContain('the port is taken');
    holder.close();
    await until('it is open', async () => (await problem()) === null);
    await (await openThrough(taken, service)).lives();
    await gateway.log.find('the good news', ({ msg }) => msg === 'the port is open now');
  });

  test('edits that follow each other fast end with what the last one says', async () => {
    const service = await startService({ halfOpen: true });
    const ports = (await freePorts(4)) as [number, number, number, number];
    const gateway = await startTestGateway(routes());
    const reloads: Promise<unknown>[] = [];
    for (let turn = 0; turn < 12; turn++) {
      await gateway.edit(routes() + streams({ [ports[turn % 3]!]: service.port, [ports[3]]: service.port }));
      reloads.push(gateway.gateway.reload());
    }
    await Promise.all(reloads);
    const open = (await gateway.gateway.figure('streams')).map(({ listen, problem }) => [
      listen.port,
      problem,
    ]);
    expect(new Map(open as [number, null][])).toEqual(
      new Map([ports[2], ports[3]].map((port) => [port, null])),
    );
    for (const port of [ports[0], ports[1]]) await expect(connect(port)).rejects.toThrow('ECONNREFUSED');
    await (await openThrough(ports[2], service)).lives();
  });
});

test('connections and sessions of changed and removed streams go on for ten seconds, then end', async () => {
  const [service, other] = [await startService({ halfOpen: true }), await startService({ halfOpen: true })];
  const [datagrams, others] = [await openDatagrams(), await openDatagrams()];
  const [same, moved, gone] = (await freePorts(3)) as [number, number, number];
  const port = await freeDatagramPort();
  const gateway = await startTestGateway(
    routes() +
      streams(
        { [same]: service.port, [moved]: service.port, [gone]: service.port },
        { [port]: datagrams.port },
      ),
  );
  const onSame = await openThrough(same, service);
  const onMoved = await openThrough(moved, service);
  const onGone = await openThrough(gone, service);
  const client = await openDatagrams();
  await client.send('hello', port);
  await datagrams.next();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await gateway.editAndReload(
    routes() + streams({ [same]: service.port, [moved]: other.port }, { [port]: others.port }),
  );
  for (const advanced of [0, 9_900]) {
    vi.advanceTimersByTime(advanced);
    for (const each of [onSame, onMoved, onGone]) await each.lives();
    await client.send('still the old one', port);
    expect((await datagrams.next()).text).toBe('still the old one');
  }
  vi.advanceTimersByTime(100);
  // So long an answer that is under way may take to come.
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  for (const { client: ended, connection } of [onMoved, onGone]) {
    expect(await ended.ending(15_000)).toBe('fin');
    expect(await connection.ending(15_000)).toBe('fin');
  }
  await onSame.lives();
  await until('the new service is asked', async () => {
    await client.send('the new one', port);
    return others.received.length > 0;
  });
  for (const route of [`tcp ${moved}`, `tcp ${gone}`]) {
    const line = await gateway.log.find(`the end on ${route}`, (record) => record.route === route);
    expect(line.code).toBe('drained');
  }
});
