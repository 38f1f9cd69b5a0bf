import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BareClient } from '../testing/bare-client.ts';
import { until } from '../testing/poll.ts';
import { type Reaction, RecordingService } from '../testing/recording-service.ts';

const portway = fileURLToPath(new URL('../../bin/portway.js', import.meta.url));

/** A real gateway process, and the two services behind it: `/a` and `/b`. */
export class GatewayUnderFire {
  readonly services: Readonly<Record<'/a' | '/b', RecordingService>>;
  /** What the services do about a request. */
  react: (target: string) => Reaction = plainAnswer;
  readonly #folder = mkdtempSync(join(tmpdir(), 'portway-fuzz-'));
  #child: ChildProcess | null = null;
  #said = '';
  port = 0;

  private constructor(a: RecordingService, b: RecordingService) {
    this.services = { '/a': a, '/b': b };
  }

  /** @param extended whether the routes go through Fastify. */
  static async start(extended: boolean): Promise<GatewayUnderFire> {
    const started: { it?: GatewayUnderFire } = {};
    const react = (target: string) => started.it!.react(target);
    const gateway = new GatewayUnderFire(
      await RecordingService.start(react),
      await RecordingService.start(react),
    );
    started.it = gateway;
    await gateway.#configure(extended);
    await gateway.restart();
    return gateway;
  }

  /** `code 1`, `signal SIGABRT` with what it said last; `null` while it runs. */
  get ended(): string | null {
    const { exitCode, signalCode } = this.#child!;
    if (exitCode === null && signalCode === null) return null;
    return `${signalCode === null ? `code ${exitCode}` : `signal ${signalCode}`}: ${this.#said.slice(-1_000)}`;
  }

  async restart(): Promise<void> {
    this.#kill();
    this.#said = '';
    const config = join(this.#folder, 'gateway.config.yaml');
    this.#child = spawn(process.execPath, [portway, 'start', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4_000);
    });
    await until('the gateway is ready', () => this.#ready(), 20_000);
  }

  /** Descriptors that the process holds (Linux). */
  descriptors(): number {
    return readdirSync(`/proc/${this.#child!.pid}/fd`).length;
  }

  async close(): Promise<void> {
    this.#kill();
    await Promise.all(Object.values(this.services).map((service) => service.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<boolean> {
    if (this.ended !== null) throw new Error(`the gateway ended with ${this.ended}`);
    const client = await BareClient.open(this.port).catch(() => null);
    client?.destroy();
    return client !== null;
  }

  #kill(): void {
    if (this.#child && this.ended === null) this.#child.kill('SIGKILL');
  }

  async #configure(extended: boolean): Promise<void> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as { port: number }).port;
    await once(server.close(), 'close');
    const extend = extended ? ', extend: ./extension.ts' : '';
    const routes = Object.entries(this.services).map(
      ([prefix, { port }]) => `  ${prefix}: { to: ${port}${extend} }\n`,
    );
    writeFileSync(
      join(this.#folder, 'gateway.config.yaml'),
      `host: 127.0.0.1\nport: ${this.port}\nadmin: false\nlog: { level: silent }\n${TIMEOUTS}routes:\n${routes.join('')}`,
    );
    writeFileSync(join(this.#folder, 'extension.ts'), 'export default {};\n');
  }
}

/** Short, because many cases end by them. */
const TIMEOUTS = 'timeouts: { response: 300ms, idle: 300ms }\n';

/** The answer names what was asked, so that it can be told whose it is. */
export function plainAnswer(target: string): Reaction {
  return { parts: [`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`] };
}
