import { describe, expect, test } from 'vitest';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { gone } from '../testing/process-facts.ts';
import { get, type RawClient } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

async function startPair(more = '') {
  const db = (await startService()).answer(ok('fine'));
  const yaml = `workers: 2\nlog: { access: false }\nroutes: { /db: ${db.port} }\n${more}`;
  const gateway = await startGatewayProcess(yaml);
  return { gateway, workers: (await gateway.readyWorkers(2)) as [number, number] };
}

async function isAnswered(client: RawClient): Promise<boolean> {
  return client.exchange(get('/db/')).then(
    ({ status }) => status === 200,
    () => false,
  );
}

describe('a worker that is killed', () => {
  test('takes its own connections with it, and nobody else notices', async () => {
    const { gateway, workers } = await startPair();
    const descriptors = () => (process.platform === 'linux' ? gateway.descriptors().all : 0);
    const before = descriptors();
    const clients: RawClient[] = [];
    for (let at = 0; at < 20; at++) {
      const client = await gateway.connect();
      expect(await isAnswered(client)).toBe(true);
      clients.push(client);
    }
    // They are dealt out in turn.
    expect((await gateway.workers()).map(({ connections }) => connections)).toEqual([10, 10]);
    process.kill(workers[0], 'SIGKILL');
    const answered = await Promise.all(clients.map(isAnswered));
    expect(answered.filter((yes) => yes)).toHaveLength(10);
    const line = await gateway.log.find('death', ({ worker }) => worker === workers[0]);
    expect(line).toMatchObject({ level: 'error', signal: 'SIGKILL', delayMs: 0, pid: gateway.pid });
    for (let at = 0; at < 4; at++) expect(await isAnswered(await gateway.connect())).toBe(true);
    const now = await gateway.readyWorkers(2);
    expect(now).toContain(workers[1]);
    expect(now).not.toContain(workers[0]);
    expect((await gateway.workers()).map(({ restarts }) => restarts)).toEqual([0, 1]);
    await until('the primary holds nothing of the dead worker', () => descriptors() <= before);
  });

  test('gives the connection that it had not yet taken to a peer; while it hangs, the admin listener answers', async () => {
    const { gateway, workers } = await startPair();
    process.kill(workers[0], 'SIGSTOP');
    const clients = await Promise.all([1, 2, 3, 4].map(() => gateway.connect()));
    const answers = clients.map(isAnswered);
    let answered = 0;
    for (const answer of answers) void answer.then((yes) => (answered += Number(yes)));
    // The one that went to the worker that hangs is alone; the others find its peer.
    await until('three are answered', () => answered === 3);
    expect(await gateway.workers()).toMatchObject([
      { pid: workers[0], state: 'silent', connections: null },
      { pid: workers[1], state: 'ready', connections: 3 },
    ]);
    expect((await gateway.admin('GET', '/routes')).body).toMatchObject([{ id: '/db' }]);
    process.kill(workers[0], 'SIGKILL');
    expect(await Promise.all(answers)).toEqual([true, true, true, true]);
  });
});

test('while all workers hang, a question about them is 503, and no empty list', async () => {
  const { gateway, workers } = await startPair();
  for (const pid of workers) process.kill(pid, 'SIGSTOP');
  const { status, body } = await gateway.admin('GET', '/routes');
  expect([status, body]).toEqual([503, expect.objectContaining({ title: 'Service Unavailable' })]);
  for (const pid of workers) process.kill(pid, 'SIGCONT');
  await until('they answer again', async () => (await gateway.admin('GET', '/routes')).status === 200);
});

test('a primary that is killed leaves no worker behind', async () => {
  const { gateway, workers } = await startPair();
  gateway.signal('SIGKILL');
  await gone(workers);
});
