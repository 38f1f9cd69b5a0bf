import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acceptsConnections } from '../dev/port-probe.ts';
import { freePorts } from '../proof/testing/free-port.ts';
import { until } from '../proof/testing/poll.ts';
import { type PortwayProcess, startPortway } from '../proof/testing/portway.ts';
import { temporaryFolder } from '../proof/testing/program.ts';

interface Started {
  readonly running: PortwayProcess;
  readonly port: number;
  readonly url: string;
  /** Answers that wait to be given. */
  readonly asked: (() => void)[];
}

/** `portway start` before a service that answers when the test says so. */
function start(...args: string[]): Promise<Started> {
  return startWith(false, ...args);
}

async function startWith(admin: number | false, ...args: string[]): Promise<Started> {
  const asked: (() => void)[] = [];
  const service = createServer((_, answer) => asked.push(() => answer.end('whole'))).listen(0, '127.0.0.1');
  onTestFinished(() => closeAll(service));
  await once(service, 'listening');
  const [port = 0] = await freePorts(1);
  const to = (service.address() as { port: number }).port;
  const services = 'services: { a: { run: echo must not run } }';
  const yaml = `port: ${port}\nadmin: ${admin}\nroutes: { /a: ${to} }\n${services}\n`;
  const cwd = await temporaryFolder({ 'x.yaml': yaml });
  const running = startPortway(['start', '--config', 'x.yaml', ...args], { cwd });
  await running.said('"listening"');
  return { running, port, url: `http://127.0.0.1:${port}/a/`, asked };
}

function closeAll(service: Server): void {
  service.closeAllConnections();
  service.close();
}

/** Waits until the service has the request; an answer that comes without it tells what went wrong. */
async function reached(asked: readonly unknown[], answer: Promise<unknown>): Promise<void> {
  const early = answer.then((outcome) => {
    throw new Error(`answered before the service was asked: ${outcome}`);
  });
  early.catch(() => {});
  await Promise.race([until('the service was asked', () => asked.length === 1), early]);
}

describe('portway start', () => {
  it('logs JSON lines where there is no terminal, and runs no service', async () => {
    const { running, port } = await start();
    running.child.kill('SIGTERM');
    expect(await running.ended()).toBe(0);
    const records = running.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    // What is said before is about the machine.
    const listening = records.find(({ msg }) => msg === 'listening');
    expect(listening).toMatchObject({ level: 'info', port, routes: 1, file: 'x.yaml' });
    expect(records.map(({ msg }) => msg).slice(-2)).toEqual(['draining', 'stopped']);
    expect(running.stdout).not.toContain('must not run');
    expect(await acceptsConnections(port)).toBe(false);
  });

  it('lets an exchange finish on SIGTERM', async () => {
    const { running, url, asked } = await start();
    const answer = fetch(url).then((response) => response.text());
    await reached(asked, answer);
    running.child.kill('SIGTERM');
    await running.said('"draining"');
    asked[0]?.();
    expect(await answer).toBe('whole');
    expect(await running.ended()).toBe(0);
  });

  it('does not wait longer than --drain says', async () => {
    const { running, url, asked } = await start('--drain', '100ms');
    const answer = fetch(url).then(
      () => 'answered',
      () => 'broken off',
    );
    await reached(asked, answer);
    running.child.kill('SIGTERM');
    expect(await running.ended()).toBe(0);
    expect(await answer).toBe('broken off');
    expect(running.stdout).toContain('"finished":false');
  });

  it('serves on for as long as --announce says, not ready, and then ends', async () => {
    const [adminPort = 0] = await freePorts(1);
    const { running, url, asked } = await startWith(adminPort, '--announce', '2s', '--drain', '100ms');
    running.child.kill('SIGTERM');
    const readiness = async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status;
    await until('/readyz says 503', async () => (await readiness()) === 503);
    // A new connection.
    const answer = fetch(url, { headers: { Connection: 'close' } }).then((response) => response.text());
    await reached(asked, answer);
    asked[0]?.();
    expect(await answer).toBe('whole');
    expect(await running.ended()).toBe(0);
  });

  it('ends at once on a second Ctrl-C', async () => {
    const { running, url, asked } = await start();
    const answer = fetch(url).then(
      (response) => response.text(),
      () => 'broken off',
    );
    await reached(asked, answer);
    running.child.kill('SIGINT');
    await running.said('"draining"');
    // From when it was heard: two that come close together count as one.
    const pressedAt = performance.now();
    await until('a second key press', () => performance.now() - pressedAt > 500);
    running.child.kill('SIGINT');
    expect(await running.ended()).toBe(130);
    expect(await answer).toBe('broken off');
  });

  it('reads the configuration again on SIGHUP, opens no debugger on SIGUSR1, and lives on', async () => {
    const { running } = await start();
    running.child.kill('SIGUSR1');
    running.child.kill('SIGHUP');
    await running.said('nothing has changed');
    running.child.kill('SIGTERM');
    expect(await running.ended()).toBe(0);
    expect(running.stderr).toBe('');
  });
});

describe('portway start before a port that nobody finds', () => {
  it('refuses a route to a service whose port is auto, and says what to do', async () => {
    const routes = 'routes: { /a: { to: auto, run: echo must not run } }';
    const cwd = await temporaryFolder({ 'x.yaml': `port: 1\nadmin: false\n${routes}\n` });
    const running = startPortway(['start', '--config', 'x.yaml'], { cwd });
    expect(await running.ended()).toBe(1);
    expect(running.stderr).toContain('portway: the port of the service a is auto');
  });
});
