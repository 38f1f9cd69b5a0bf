/**
 * `node gateway/proof/bench/slow-attacks.ts`: Debian's slowhttptest in its four modes against one gateway process, while another client asks all the time.
 * Prints how fast that one was answered, and what memory and descriptors the attack has left behind. Takes two minutes.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, untilAnswers } from './readiness.ts';
import { Workspace } from './workspace.ts';

const connections = 500;
const seconds = 20;
const pauseMs = 20;

const modes = [
  { name: 'slow heads (-H)', args: ['-H', '-t', 'GET'] },
  { name: 'slow bodies (-B)', args: ['-B', '-t', 'POST'] },
  {
    name: 'slow readers (-X)',
    args: ['-X', '-t', 'GET', '-w', '512', '-y', '1024', '-n', '5', '-z', '32', '-k', '3'],
  },
  { name: 'ranges (-R)', args: ['-R', '-t', 'HEAD'] },
] as const;

if (spawnSync('slowhttptest', ['-h']).error) {
  process.stderr.write('skipped: slowhttptest is not installed (apt-get install slowhttptest)\n');
  process.exit();
}

const workspace = new Workspace();
const any = { cpu: null };
const programOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
try {
  const body = Buffer.alloc(4 * 1024 * 1024, 'x');
  const folder = workspace.makeFolder('origin', { large: body, small: Buffer.from('ok') });
  const [origin, port] = [await freePort(), await freePort()];
  await workspace.children.start(
    [process.execPath, programOf('origin-program.ts'), folder, String(origin)],
    any,
  );
  const yaml = `port: ${port}\nadmin: false\nlog: { access: false }\ntimeouts: { idle: 5s }\nroutes:\n  /attacked: ${origin}\n  /other: ${origin}\n`;
  const config = workspace.makeFolder('gateway', { 'gateway.config.yaml': yaml });
  const gateway = await workspace.children.start(
    [
      process.execPath,
      programOf('../../bin/portway.js'),
      'start',
      '--config',
      `${config}/gateway.config.yaml`,
    ],
    any,
  );
  const probed = `http://127.0.0.1:${port}/other/small`;
  await untilAnswers(gateway, probed, Buffer.from('ok'));
  process.stdout.write(`without an attack: ${latencyText(await probe(probed, 3_000))}\n`);
  for (const { name, args } of modes) {
    const before = holds(gateway.pid);
    const common = [
      '-c',
      String(connections),
      '-r',
      '250',
      '-i',
      '10',
      '-l',
      String(seconds),
      '-x',
      '24',
      '-p',
      '3',
    ];
    const target = ['-u', `http://127.0.0.1:${port}/attacked/large`];
    const attack = await workspace.children.start(['slowhttptest', ...args, ...common, ...target], any);
    const latencies = await probe(probed, seconds * 1000);
    await workspace.children.end(attack);
    await sleep(8_000);
    process.stdout.write(
      `${name}: ${latencyText(latencies)}; ${before} before, ${holds(gateway.pid)} afterwards\n`,
    );
  }
} finally {
  await workspace.close();
}

function holds(pid: number): string {
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return `${readdirSync(`/proc/${pid}/fd`).length} descriptors and ${Math.round(Number(resident) / 1024)} MiB`;
}

/** Asks again and again on one connection. `null` stands for an answer that was none. */
async function probe(url: string, forMs: number): Promise<readonly (number | null)[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const latencies: (number | null)[] = [];
  for (const end = performance.now() + forMs; performance.now() < end; await sleep(pauseMs)) {
    const began = performance.now();
    latencies.push((await answers(url, agent)) ? performance.now() - began : null);
  }
  agent.destroy();
  return latencies;
}

function answers(url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { agent, timeout: 5_000 }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode === 200));
    })
      .once('error', () => resolve(false))
      .once('timeout', () => resolve(false));
  });
}

function latencyText(latencies: readonly (number | null)[]): string {
  const answered = latencies.filter((each) => each !== null).toSorted((a, b) => a - b);
  const at = (share: number) => (answered[Math.floor(answered.length * share)] ?? Number.NaN).toFixed(1);
  return `${latencies.length} asked, ${latencies.length - answered.length} not served, median ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}
