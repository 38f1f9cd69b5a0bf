import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../testing/free-port.ts';
import { until } from '../testing/poll.ts';
import { PORTWAY, Processes } from '../testing/processes.ts';
import { temporaryFolder } from '../testing/program.ts';
import { connect, get } from '../testing/raw-client.ts';
import { connectSecurely } from '../testing/secure-client.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';

/**
 * In the place of systemd: opens the ports, and runs the program with them as long as it lives. It waits in `spawnSync`, so that it
 * accepts nothing itself.
 */
const HOLDER = `
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
const [first, second, ...command] = process.argv.slice(2);
const descriptors = [];
for (const port of [first, second]) {
  const server = createServer().listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  descriptors.push(server._handle.fd);
}
for (;;) {
  const env = { ...process.env, LISTEN_FDS: '2' };
  spawnSync('/bin/sh', ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', ...command], { env, stdio: ['ignore', 'inherit', 'inherit', ...descriptors] });
}
`;

test.skipIf(process.platform !== 'linux')(
  'ports that systemd opened are taken, and while the gateway is started anew clients wait',
  { timeout: 60_000 },
  async () => {
    const [port, tlsPort, adminPort] = (await freePorts(3)) as [number, number, number];
    const service = (await startService()).answer(ok());
    const folder = await temporaryFolder();
    const { cert, key } = selfSigned('shop.test');
    const yaml = `port: ${port}\nadmin: ${adminPort}\ntls: { port: ${tlsPort}, certificates: { cert: a.crt, key: a.key } }\nroutes: { /: ${service.port} }\noverload: off\n`;
    const file = join(folder, 'gateway.config.yaml');
    const files = { 'gateway.config.yaml': yaml, 'a.crt': cert, 'a.key': key, 'holder.mjs': HOLDER };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const processes = new Processes();
    onTestFinished(() => processes.killAll());
    const command = [process.execPath, PORTWAY, 'start', '--config', file];
    const holder = await processes.start([
      process.execPath,
      join(folder, 'holder.mjs'),
      String(port),
      String(tlsPort),
      ...command,
    ]);
    const started = () => holder.log.records.filter(({ msg }) => msg === 'listening');
    await holder.log.find('start', ({ msg }) => msg === 'listening');
    const client = await connectSecurely(tlsPort);
    expect((await client.exchange(get('/'))).status).toBe(200);
    client.destroy();

    const [gateway] = (await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8'))
      .trim()
      .split(' ');
    process.kill(Number(gateway), 'SIGTERM');
    await holder.log.find('stop', ({ msg }) => msg === 'stopped');
    const waiting = await connect(port);
    expect((await waiting.exchange(get('/'))).status).toBe(200);
    await until('it has started twice', () => started().length === 2);
  },
);
