import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../testing/free-port.ts';
import { until } from '../testing/poll.ts';
import { type Descriptors, descriptorsOf, residentBytes } from '../testing/process-facts.ts';
import type { Ended, Process, Processes } from '../testing/processes.ts';
import { monotonicMs } from './clock.ts';
import { activeExchanges } from './metrics-text.ts';

export const portway = fileURLToPath(new URL('../../bin/portway.js', import.meta.url));

const startMs = 20_000;

export interface GatewayOptions {
  /** A shell's words before the command: `ulimit -n 128`. */
  readonly shell?: string;
  readonly command?: 'start' | 'dev';
  /** Where its inspector listens; default nowhere. */
  readonly inspectPort?: number;
}

/** How a stop went. */
export interface Stopped extends Ended {
  /** Whether its log says that nothing was under way any more. */
  readonly finished: boolean;
  readonly ms: number;
}

/** The gateway as its user starts it: `portway start --config FILE`. */
export class GatewayChild {
  readonly process: Process;
  readonly port: number;
  readonly adminPort: number;
  readonly configFile: string;
  /** What `port` and `admin` are, to be put before any other content of the file. */
  readonly head: string;
  /** Descriptors without a connection; until it has been told, those after the start. */
  base: Descriptors | null = null;

  private constructor(started: Process, ports: readonly [number, number], configFile: string, head: string) {
    this.process = started;
    [this.port, this.adminPort] = ports;
    this.configFile = configFile;
    this.head = head;
  }

  /**
   * @param folder is made, and gets the configuration: `yaml` behind lines with `port` and `admin`.
   * @throws where it is not ready within 20 s, with what it wrote.
   */
  static async start(
    processes: Processes,
    folder: string,
    yaml: string,
    { shell, command = 'start', inspectPort }: GatewayOptions = {},
  ): Promise<GatewayChild> {
    const ports = (await freePorts(2)) as [number, number];
    const head = `port: ${ports[0]}\nadmin: ${ports[1]}\n`;
    const file = join(folder, 'gateway.config.yaml');
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, head + yaml);
    const words = [process.execPath, portway, command, '--config', file] as const;
    const line = shell === undefined ? words : shellLine(shell, words);
    const inspected = inspectPort === undefined ? {} : { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectPort}` };
    const env = { NODE_ENV: 'production', ...inspected };
    const started = await processes.start(line, { cwd: folder, env });
    const gateway = new GatewayChild(started, ports, file, head);
    await until('the gateway is ready', () => gateway.#ready(), startMs).catch((error: Error) => {
      throw new Error(`${error.message}; it wrote:\n${started.log.text()}`);
    });
    return gateway;
  }

  get alive(): boolean {
    return this.process.alive;
  }

  descriptors(): Descriptors {
    return descriptorsOf(this.process.pid);
  }

  residentBytes(): number {
    return residentBytes(this.process.pid);
  }

  /** Changes the content of its configuration file, in place. */
  configure(yaml: string): void {
    writeFileSync(this.configFile, this.head + yaml);
  }

  /** Asks the admin listener. @throws where it does not answer within 5 s. */
  admin(path: string, method = 'GET'): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const options = { port: this.adminPort, host: '127.0.0.1', path, method, agent: false, timeout: 5_000 };
      const request = http.request(options, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (more: string) => {
          text += more;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      request.on('timeout', () => request.destroy(new Error(`no answer from the admin listener: ${path}`)));
      request.on('error', reject).end();
    });
  }

  /** Exchanges that it says are under way; `null` where it does not tell. */
  async inFlight(): Promise<number | null> {
    const { status, text } = await this.admin('/metrics');
    return status === 200 ? activeExchanges(text) : null;
  }

  /** Reload counts and what was refused. */
  async configStatus(): Promise<{ reloads: number; rejected: string | null }> {
    return JSON.parse((await this.admin('/config')).text) as { reloads: number; rejected: string | null };
  }

  /** SIGTERM, and its end. @throws where that takes longer than 15 s. */
  async stop(): Promise<Stopped> {
    const from = monotonicMs();
    this.process.signal('SIGTERM');
    await until('the gateway has ended', () => !this.alive, 15_000);
    const ended = await this.process.ended;
    const ms = Math.round(monotonicMs() - from);
    const finished = this.process.log.records.some(
      ({ msg, finished }) => msg === 'stopped' && finished === true,
    );
    return { ...ended, finished, ms };
  }

  async #ready(): Promise<boolean> {
    if (!this.alive) throw new Error('the gateway ended at its start');
    return this.admin('/readyz').then(
      ({ status }) => status === 200,
      () => false,
    );
  }
}

function shellLine(shell: string, words: readonly string[]): readonly [string, ...string[]] {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return ['/bin/sh', '-c', `${shell} && exec ${quoted}`];
}
