import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { readToEnd } from './testing/raw-http.ts';
import {
  type ServiceProcess,
  type StartOptions,
  spawnService,
  startService,
} from './testing/service-process.ts';

const running: ServiceProcess[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.end('SIGKILL');
});

async function startProbe(options: StartOptions = {}): Promise<ServiceProcess> {
  const service = await startService('kit/testing/probe', options);
  running.push(service);
  return service;
}

describe('the life of a service', () => {
  it('says where it listens in one log line', async () => {
    const probe = await startProbe();
    expect(await probe.logged('listening')).toMatchObject({
      service: 'probe',
      host: '127.0.0.1',
      port: probe.port,
    });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes the exchange under way at %s, then exits 0',
    async (signal) => {
      const probe = await startProbe();
      const slow = fetch(`${probe.url}/slow`);
      await probe.logged('slow began');
      const exit = probe.end(signal);
      const answer = await slow;
      expect(await answer.text()).toBe('finished');
      expect(answer.headers.get('connection')).toBe('close');
      expect(await exit).toEqual({ code: 0, signal: null });
    },
  );

  it('takes no new connection while it drains', async () => {
    const probe = await startProbe();
    const hanging = fetch(`${probe.url}/hang`).catch(() => 'cut');
    await probe.logged('hang began');
    probe.child.kill('SIGTERM');
    await probe.logged('draining');
    const socket = connect(probe.port, '127.0.0.1');
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    // A second signal ends it at once.
    expect(await probe.end('SIGTERM')).toEqual({ code: 1, signal: null });
    expect(await hanging).toBe('cut');
  });

  it('does not wait for idle keep-alive connections', async () => {
    const probe = await startProbe();
    const socket = connect(probe.port, '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'data');
    const end = readToEnd(socket);
    expect(await probe.end('SIGTERM')).toEqual({ code: 0, signal: null });
    await end;
  });

  it('drains when standard input ends and a supervisor holds its other end', async () => {
    const probe = await startProbe();
    probe.child.stdin?.end();
    expect(await probe.exited()).toEqual({ code: 0, signal: null });
    expect(await probe.logged('draining')).toMatchObject({ reason: 'the supervisor is gone' });
  });

  it('does not care for standard input without a supervisor', async () => {
    const probe = await startProbe({ env: { PORTWAY_SUPERVISED: '' } });
    probe.child.stdin?.end();
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${probe.url}/healthz`)));
    expect(answers.every((answer) => answer.ok)).toBe(true);
  });
});

describe('a start that fails', () => {
  it('names the taken port in one line and exits 1', async () => {
    const probe = await startProbe();
    const second = spawnService('kit/testing/probe', { env: { PORT: String(probe.port) } });
    const [line, [code]] = await Promise.all([text(second.stderr!), once(second, 'exit')]);
    expect(line).toBe(
      `probe: port ${probe.port} on 127.0.0.1 is taken by another process; stop that one, or set PORT to a free port\n`,
    );
    expect(code).toBe(1);
  });

  it.each([
    [{ PORT: '3OO1' }, 'probe: PORT: expected a whole number from 0 to 65535, got "3OO1"\n'],
    [{ PORT: '65536' }, 'probe: PORT: expected a whole number from 0 to 65535, got "65536"\n'],
    [
      { LOG_LEVEL: 'loud' },
      'probe: LOG_LEVEL: expected one of trace, debug, info, warn, error, silent, got "loud"\n',
    ],
  ])('names the variable of the environment that can not be used: %o', async (env, expected) => {
    const probe = spawnService('kit/testing/probe', { env });
    const [line, [code]] = await Promise.all([text(probe.stderr!), once(probe, 'exit')]);
    expect(line).toBe(expected);
    expect(code).toBe(2);
  });
});
