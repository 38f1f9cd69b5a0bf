import { describe, expect, it, onTestFinished } from 'vitest';
import type { Port, ServiceConfig } from '../model/config.ts';
import { freePorts } from '../proof/testing/free-port.ts';
import { serviceConfig } from '../proof/testing/gateway-config.ts';
import { until } from '../proof/testing/poll.ts';
import { runs } from '../proof/testing/process-facts.ts';
import { listening, program } from '../proof/testing/program.ts';
import { acceptsConnections } from './port-probe.ts';
import { servicePolicy } from './service.ts';
import { Supervisor } from './supervisor.ts';

/** @param stopGraceMs what a service gets to stop before it is killed */
function supervise(stopGraceMs = 500) {
  const notices: string[] = [];
  const lines: string[] = [];
  const supervisor = new Supervisor({
    report: {
      line: (name, text) => void lines.push(`${name} ${text}`),
      notice: (text) => void notices.push(text),
    },
    environment: (service) => ({ ...process.env, PORT: String(service.port), ...service.env }),
    policy: { ...servicePolicy, stopGraceMs },
  });
  onTestFinished(() => supervisor.stop());
  return { supervisor, notices, lines };
}

function config(name: string, run: string, port: number | undefined): ServiceConfig {
  return serviceConfig({ name, run, port: (port ?? null) as Port | null });
}

const pids = (supervisor: Supervisor) =>
  Object.fromEntries(supervisor.status().map(({ name, pid }) => [name, pid]));

describe('Supervisor', () => {
  it('starts every service in the order of the configuration, and waits until each is ready', async () => {
    const { supervisor } = supervise();
    const [a, b] = await freePorts(2);
    const run = await program(listening);
    await supervisor.apply([config('b', run, b), config('a', run, a)]);
    await supervisor.settled();
    expect(supervisor.status().map(({ name, state }) => [name, state])).toEqual([
      ['b', 'ready'],
      ['a', 'ready'],
    ]);
  });

  it('does not wait for a service that dies', async () => {
    const { supervisor } = supervise();
    const [a] = await freePorts(1);
    await supervisor.apply([config('a', 'exit 1', a)]);
    await supervisor.settled();
    expect(supervisor.status()).toMatchObject([{ state: 'restarting', lastExit: { code: 1 } }]);
  });

  it('restarts what a new configuration changes, and leaves the rest alone', async () => {
    const { supervisor, notices } = supervise();
    const [a, b, c] = await freePorts(3);
    const run = await program(listening);
    const kept = config('kept', run, a);
    await supervisor.apply([kept, config('changed', run, b), config('removed', run, c)]);
    await supervisor.settled();
    const before = pids(supervisor);
    const changed = { ...config('changed', run, b), env: { MODE: 'new' } };
    await supervisor.apply([changed, { ...kept, source: { line: 9, column: 9 } }, config('added', run, c)]);
    await supervisor.settled();
    const after = pids(supervisor);
    expect(Object.keys(after)).toEqual(['changed', 'kept', 'added']);
    expect(notices).toContain('changed has changed in the configuration: restarting it');
    expect(notices).toContain('removed is no longer configured: stopping it');
    expect(after.kept).toBe(before.kept);
    expect(after.changed).not.toBe(before.changed);
    expect([before.changed, before.removed].filter((pid) => runs(pid as number))).toEqual([]);
    expect(supervisor.status().every(({ state }) => state === 'ready')).toBe(true);
  });

  it('lets two services swap their ports', async () => {
    const { supervisor, notices } = supervise();
    const [one, other] = await freePorts(2);
    const run = await program(listening);
    await supervisor.apply([config('a', run, one), config('b', run, other)]);
    await supervisor.settled();
    await supervisor.apply([config('a', run, other), config('b', run, one)]);
    await supervisor.settled();
    expect(supervisor.status().map(({ state }) => state)).toEqual(['ready', 'ready']);
    expect(notices.filter((notice) => notice.includes('taken'))).toEqual([]);
  });

  it('stops all, and leaves neither process nor port', async () => {
    const { supervisor, lines } = supervise();
    const [a, b] = await freePorts(2);
    const run = await program(
      `${listening}process.on('SIGTERM', () => { console.log('ends'); process.exit(); });`,
    );
    await supervisor.apply([config('a', run, a), config('b', run, b)]);
    await supervisor.settled();
    const running = Object.values(pids(supervisor)) as number[];
    await supervisor.stop();
    expect(running.filter(runs)).toEqual([]);
    expect(await acceptsConnections(a as number)).toBe(false);
    expect(lines.toSorted()).toEqual(['a ends', 'b ends']);
    expect(supervisor.status().map(({ state }) => state)).toEqual(['stopped', 'stopped']);
  });

  it('starts nothing any more once it stops', async () => {
    const { supervisor, lines } = supervise();
    const applied = supervisor.apply([config('a', 'echo started; sleep 1000', undefined)]);
    await Promise.all([supervisor.stop(), applied]);
    await supervisor.apply([config('b', 'echo started; sleep 1000', undefined)]);
    expect(supervisor.status()).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('does not wait for a stubborn service of an earlier configuration before it ends the others', async () => {
    const { supervisor } = supervise(60_000);
    const [a, b] = await freePorts(2);
    const stubborn = config('a', await program(`process.on('SIGTERM', () => {});${listening}`), a);
    const other = config('b', await program(listening), b);
    await supervisor.apply([stubborn, other]);
    await supervisor.settled();
    const { a: stubbornPid, b: pid } = pids(supervisor);
    const applied = supervisor.apply([other]);
    await until('the first is being stopped', () => supervisor.status()[0]?.state === 'stopping');
    const stopped = supervisor.stop();
    await until('the other has ended', () => !runs(pid as number));
    expect(supervisor.status()[0]?.state).toBe('stopping');
    // The shell that ran it has gone; its group has not.
    process.kill(-(stubbornPid as number), 'SIGKILL');
    await Promise.all([applied, stopped]);
  });

  it('kills all at once when there is no time left', async () => {
    const { supervisor } = supervise();
    const [a] = await freePorts(1);
    await supervisor.apply([config('a', await program(`process.on('SIGTERM', () => {});${listening}`), a)]);
    await supervisor.settled();
    const { a: pid } = pids(supervisor);
    supervisor.kill();
    await until('it has ended', () => !runs(pid as number));
  });
});
