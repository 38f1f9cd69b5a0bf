import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeHolder, portHolder } from './port-holder.ts';

/** Another process that listens on a free port of this address. */
async function listenElsewhere(host: string): Promise<{ port: number; pid: number }> {
  const program = `const s = require('node:net').createServer().listen(0, '${host}', () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', program, 'a-word-to-know-it-by'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [port] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { port: Number(port), pid: child.pid as number };
}

describe.runIf(process.platform === 'linux')('portHolder', () => {
  it.each(['127.0.0.1', '::1', '0.0.0.0', '::'])('names the process that listens on %s', async (host) => {
    const { port, pid } = await listenElsewhere(host);
    const holder = await portHolder(port);
    expect(holder?.pid).toBe(pid);
    expect(holder?.command).toContain(process.execPath);
  });

  it('says null for a port that nobody listens on', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await once(server.close(), 'close');
    expect(await portHolder(port)).toBeNull();
  });

  it('cuts a long command line', async () => {
    const { port } = await listenElsewhere('127.0.0.1');
    expect((await portHolder(port))?.command.length).toBeLessThanOrEqual(120);
  });
});

describe('describeHolder', () => {
  it('names the command and the pid', () => {
    expect(describeHolder({ pid: 7, command: 'node x.js' }, 3001)).toBe('node x.js (pid 7)');
  });

  it.each([
    ['linux', 'tcp', '`sudo ss -ltnp sport = :3001`'],
    ['linux', 'udp', '`sudo ss -lunp sport = :3001`'],
    ['darwin', 'tcp', '`sudo lsof -nP -iTCP:3001 -sTCP:LISTEN`'],
    ['darwin', 'udp', '`sudo lsof -nP -iUDP:3001`'],
    ['win32', 'tcp', '`netstat -ano | findstr :3001`'],
  ] as const)('on %s, says how to find out which process has a port of %s', (platform, protocol, command) => {
    expect(describeHolder(null, 3001, protocol, platform)).toContain(command);
  });
});
