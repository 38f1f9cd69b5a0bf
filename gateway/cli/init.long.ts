import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createRawServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runPortway } from '../proof/testing/portway.ts';

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

// Every port of the machine is asked, those of the services of other tests too: so it runs when no other test does.
// What listens is read from /proc, or by lsof.
test.runIf(process.platform === 'linux')('what listens here and speaks HTTP becomes a route', async () => {
  const web = await listening(createServer((_request, response) => void response.end('hello')));
  const raw = await listening(createRawServer((socket) => void socket.on('error', () => {}).end('+OK\r\n')));
  const cwd = await mkdtemp(join(tmpdir(), 'portway-init-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  const { code, stdout } = await runPortway(['init', '--dry-run'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^ {2}/\\S+: ${web} {2}# .*pid ${process.pid}: `, 'm'));
  expect(stdout).not.toContain(`: ${raw} `);
  expect(await readdir(cwd)).toEqual([]);
});
