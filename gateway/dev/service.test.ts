import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Port, ServiceConfig } from '../model/config.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { serviceConfig } from '../proof/testing/gateway-config.ts';
import { until } from '../proof/testing/poll.ts';
import { runs } from '../proof/testing/process-facts.ts';
import { listening, program, temporaryFolder } from '../proof/testing/program.ts';
import { acceptsConnections } from './port-probe.ts';
import { Service, type ServicePolicy, servicePolicy } from './service.ts';

const quick: ServicePolicy = {
  restart: { firstMs: 20, longestMs: 200, goodLifeMs: 30_000 },
  stopGraceMs: 5_000,
  remindAfterMs: 10_000,
};

interface Started {
  readonly service: Service;
  readonly port: number;
  readonly lines: string[];
  readonly notices: string[];
  said(text: string): Promise<string>;
}

async function start(
  run: string,
  options: { policy?: Partial<ServicePolicy>; config?: Partial<ServiceConfig> } = {},
): Promise<Started> {
  const port = options.config?.port ?? (await freePort());
  const config = serviceConfig({ run, port: port as Port, ...options.config });
  const [lines, notices]: [string[], string[]] = [[], []];
  const report = {
    line: (_name: string, text: string) => void lines.push(text),
    notice: (text: string) => void notices.push(text),
  };
  const env = { ...process.env, PORT: String(port) };
  const service = new Service(config, { env, report, policy: { ...quick, ...options.policy } });
  onTestFinished(() => service.stop());
  service.start();
  const said = async (text: string) => {
    await until(`"${text}" in\n${notices.join('\n')}`, () => notices.some((notice) => notice.includes(text)));
    return notices.find((notice) => notice.includes(text)) ?? '';
  };
  return { service, port, lines, notices, said };
}

const isReady = (service: Service) => () => service.status().state === 'ready';

describe('a service that starts', () => {
  it('is ready when its port accepts connections', async () => {
    const { service, port, said } = await start(await program(listening));
    expect(service.status()).toMatchObject({ name: 'db', port, state: 'starting', restarts: 0 });
    await service.settled;
    expect(service.status()).toMatchObject({ state: 'ready', restarts: 0, lastExit: null });
    expect(await said('db is ready: port')).toContain(String(port));
  });

  it('is ready on ::1 alone, too', async () => {
    const { service } = await start(await program(listening.replace('127.0.0.1', '::1')));
    await service.settled;
    expect(service.status().state).toBe('ready');
  });

  it('is ready at once where it has no port', async () => {
    const { service, notices } = await start('sleep 1000', { config: { port: null } });
    await service.settled;
    expect(service.status().state).toBe('ready');
    expect(notices).toEqual(['db runs']);
  });

  it('gives its lines away as they come, and keeps the newest 20 without colours', async () => {
    const { service, lines } = await start(
      "for i in $(seq 30); do printf '\\033[31mline %s\\033[0m\\n' $i; done; sleep 1000",
    );
    await until('30 lines', () => lines.length === 30);
    expect(lines[0]).toBe('\x1b[31mline 1\x1b[0m');
    expect(service.status().lastOutput).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i + 11}`));
  });

  it('is asked after when it takes long, with its last lines', async () => {
    const { service, said } = await start('echo waiting for the moon; sleep 1000', {
      policy: { remindAfterMs: 100 },
    });
    await service.settled;
    expect(await said('still not ready on')).toMatch(
      /after 100 ms; its last lines:\n {4}waiting for the moon$/,
    );
    expect(service.status().state).toBe('starting');
    await said('after 200 ms');
  });
});

describe.runIf(process.platform === 'linux')('a service that listens on another port than it should', () => {
  it('is asked after with the port that it has', async () => {
    const other = await freePort();
    const { said } = await start(`PORT=${other} ${await program(listening)}`, {
      policy: { remindAfterMs: 20 },
    });
    expect(await said(`it listens on ${other} instead`)).toMatch(
      /; write that in line 7 of the configuration, or have it listen on \d+/,
    );
  });
});

describe('a service that dies', () => {
  it('keeps what it said before, however talkative its next start is', async () => {
    const folder = await temporaryFolder();
    const { service, said, lines } = await start(
      await program(`console.log('hello');
        if (!require('node:fs').existsSync('${folder}/once')) {
          require('node:fs').writeFileSync('${folder}/once', '');
          throw new Error('it is broken');
        }
        setInterval(() => {}, 1000);`),
    );
    await said('ended with exit code 1');
    await until('it was started again', () => lines.filter((line) => line === 'hello').length === 2);
    expect(service.status().lastOutput[0]).toBe('Error: it is broken');
  });

  it('is started again, and its end is explained', async () => {
    const folder = await temporaryFolder();
    const lives = join(folder, 'lives');
    const { service, said } = await start(
      await program(`
        const lives = '${lives}', fs = require('node:fs');
        fs.appendFileSync(lives, 'x');
        if (fs.readFileSync(lives).length > 1) { ${listening} }
        else { console.error('Error: no disk'); process.exitCode = 3; }`),
    );
    // Its lines were shown as they came: they are not printed again.
    expect(await said('ended with exit code 3')).toBe('db ended with exit code 3');
    await said('db starts again in');
    await said('db is ready again after 1 restart: port');
    expect(service.status()).toMatchObject({
      state: 'ready',
      restarts: 1,
      lastExit: { code: 3, signal: null },
    });
  });

  it('is started again when it is killed', async () => {
    const { service, said } = await start(await program(listening));
    await service.settled;
    const { pid } = service.status();
    process.kill(pid as number, 'SIGKILL');
    await said('was ended by SIGKILL');
    await until('it is ready again', isReady(service));
    expect(service.status()).toMatchObject({ restarts: 1, lastExit: { code: null, signal: 'SIGKILL' } });
    expect(service.status().pid).not.toBe(pid);
  });

  it('waits longer and longer', async () => {
    const starts = join(await temporaryFolder(), 'starts');
    writeFileSync(starts, '');
    await start(`date +%s%N >> '${starts}'; exit 1`, {
      policy: { restart: { firstMs: 50, longestMs: 400, goodLifeMs: 30_000 } },
    });
    const times = () => readFileSync(starts, 'utf8').trim().split('\n').map(Number);
    await until('six starts', () => times().length >= 6);
    const pausesMs = times().map((time, index, all) => (time - (all[index - 1] ?? 0)) / 1e6);
    for (const [index, nominalMs] of [50, 100, 200, 400, 400].entries()) {
      expect(pausesMs[index + 1]).toBeGreaterThan(nominalMs * 0.75 - 1);
    }
  });

  it.each([
    [
      'no-such-command-anywhere',
      'ended with exit code 127 (command not found: look at `run` in line 7 of the configuration)',
    ],
    [
      '/etc/passwd',
      'ended with exit code 126 (command not executable: look at `run` in line 7 of the configuration)',
    ],
    ['true', 'ended with exit code 0 (a service has to stay in the foreground); it wrote nothing'],
    ['(exit 137)', 'ended with exit code 137 (SIGKILL)'],
  ])('says what is wrong with `%s`', async (run, expected) => {
    expect(await (await start(run)).said('ended with')).toContain(expected);
  });

  it('says which folder is missing, and tries no start there', async () => {
    const { service, said } = await start('true', { config: { cwd: '/no/such/folder' } });
    expect(await said("can't start")).toContain(
      '/no/such/folder does not exist (line 7 of the configuration)',
    );
    expect(service.status().lastExit).toBeNull();
  });

  it('takes what it left behind with it, so that the port is free for its next life', async () => {
    const child = await program(`${listening}console.log(process.pid);`);
    const { service, lines, said } = await start(`${child} & sleep 1000`);
    await service.settled;
    expect(service.status().state).toBe('ready');
    const [left = 0] = lines.map(Number);
    const { pid } = service.status();
    process.kill(pid as number, 'SIGKILL');
    await said('is ready again');
    expect(runs(left)).toBe(false);
  });
});

describe('a port that is taken', () => {
  it('is named with its holder, and the service starts when it is free', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void holder.close());
    await until('the holder listens', () => holder.listening);
    const port = (holder.address() as { port: number }).port as Port;
    const { service, notices, said } = await start(await program(listening), { config: { port } });
    const notice = await said("can't start");
    expect(notice).toContain(`port ${port} is taken by `);
    if (process.platform === 'linux') expect(notice).toContain(`(pid ${process.pid})`);
    await service.settled;
    expect(service.status()).toMatchObject({
      state: 'starting',
      pid: null,
      obstacle: expect.stringContaining('is taken by'),
    });
    holder.close();
    await until('it is ready', isReady(service));
    expect(notices.filter((text) => text.includes("can't start"))).toHaveLength(1);
    expect(service.status()).toMatchObject({ restarts: 0, lastExit: null });
    expect(service.status()).not.toHaveProperty('obstacle');
  });
});

describe('stop', () => {
  it('ends the process, and frees its port', async () => {
    const { service, port, notices } = await start(await program(listening));
    await service.settled;
    const { pid } = service.status();
    await service.stop();
    expect(service.status()).toMatchObject({ state: 'stopped', pid: null });
    expect(runs(pid as number)).toBe(false);
    expect(await acceptsConnections(port)).toBe(false);
    expect(notices.at(-1)).toMatch(/^db is ready/);
  });

  it('lets the service finish within the grace period', async () => {
    const last = join(await temporaryFolder(), 'last');
    const { service } = await start(
      await program(
        `${listening}process.on('SIGTERM', () => setTimeout(() => { require('node:fs').writeFileSync('${last}', 'words'); process.exit(); }, 200));`,
      ),
    );
    await service.settled;
    await service.stop();
    expect(readFileSync(last, 'utf8')).toBe('words');
  });

  it('kills a service that does not heed SIGTERM, and says so', async () => {
    const { service, notices } = await start(await program(`process.on('SIGTERM', () => {});${listening}`), {
      policy: { stopGraceMs: 100 },
    });
    await service.settled;
    const { pid } = service.status();
    await service.stop();
    expect(runs(pid as number)).toBe(false);
    expect(notices.at(-1)).toBe('db did not stop within 100 ms and was killed');
  });

  it('ends the wait for a restart', async () => {
    const { service, said } = await start('exit 1', {
      policy: { restart: { ...servicePolicy.restart, firstMs: 60_000, longestMs: 60_000 } },
    });
    await said('starts again in');
    await service.stop();
    expect(service.status()).toMatchObject({ state: 'stopped', restarts: 0 });
  });

  it('before the start leaves nothing started', async () => {
    const file = join(await temporaryFolder(), 'started');
    appendFileSync(file, '');
    const { service } = await start(`echo x >> '${file}'; sleep 1000`);
    await service.stop();
    expect(service.status()).toMatchObject({ state: 'stopped', pid: null });
    expect(readFileSync(file, 'utf8')).toBe('');
  });
});

describe('a service that is to begin anew', () => {
  const says = (word: string) => `console.log('${word}', process.pid);${listening}`;

  it('is ended and started at once, without a delay and without being called a crash', async () => {
    const policy = { restart: { firstMs: 60_000, longestMs: 60_000, goodLifeMs: 30_000 } };
    const { service, notices, said } = await start(await program(says('pid')), { policy });
    await service.settled;
    const { pid } = service.status();
    service.restart('asked for');
    expect(service.status()).toMatchObject({ state: 'restarting', lastExit: null });
    expect(service.awaited).toBe(true);
    await said('is ready again after 1 restart');
    expect(runs(pid as number)).toBe(false);
    expect(service.awaited).toBe(false);
    expect(notices.filter((notice) => /ended|starts again/.test(notice))).toEqual([]);
  });

  it('does not wait for the next try of a service that has crashed', async () => {
    const policy = { restart: { firstMs: 60_000, longestMs: 60_000, goodLifeMs: 30_000 } };
    const file = join(await temporaryFolder(), 'service.cjs');
    writeFileSync(file, 'process.exit(3)');
    const { service, said } = await start(`'${process.execPath}' '${file}'`, { policy });
    await said('ended with exit code 3');
    await said('starts again in');
    writeFileSync(file, listening);
    service.restart('asked for');
    await until('it is ready', isReady(service));
  });

  it('is no longer waited for when it crashes again and again', async () => {
    const { service } = await start('exit 1');
    await until('it has crashed twice', () => service.status().restarts >= 2);
    await until('it is not awaited', () => !service.awaited);
  });

  it.each([
    ['a folder', 'src', 'src/deep/a.js', 'other/a.js'],
    ['a pattern', '**/*.py', 'src/deep/a.py', 'src/deep/a.js'],
    ['a pattern', 'src/**', 'src/deep/a.py', 'node_modules/src/a.js'],
    ['a file', 'settings.json', 'settings.json', 'src/deep/settings.json'],
  ])(
    'begins anew when what %s names changes (%s), and for nothing else',
    async (_what, pattern, hit, miss) => {
      const cwd = await temporaryFolder();
      for (const folder of ['src/deep', 'other', 'node_modules/src'])
        mkdirSync(join(cwd, folder), { recursive: true });
      for (const file of [hit, miss]) writeFileSync(join(cwd, file), '1');
      const { service, notices, said } = await start(await program(says('pid')), {
        config: { cwd, watch: [pattern] },
      });
      await service.settled;
      await service.watching;
      writeFileSync(join(cwd, miss), '2');
      writeFileSync(join(cwd, hit), '2');
      await said(`restarts: ${hit} has changed`);
      await said('is ready again after 1 restart');
      expect(notices.filter((notice) => notice.includes('restarts:'))).toHaveLength(1);
    },
  );
});
