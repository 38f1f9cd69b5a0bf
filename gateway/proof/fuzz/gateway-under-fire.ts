import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayChild } from '../testing/gateway-child.ts';
import { Processes } from '../testing/processes.ts';
import { type Reaction, RecordingService } from '../testing/recording-service.ts';

/** A real gateway process, and the two services behind it: `/a` and `/b`. */
export class GatewayUnderFire {
  readonly services: Readonly<Record<'/a' | '/b', RecordingService>>;
  /** How the services answer a request. */
  react: (target: string) => Reaction = plainAnswer;
  readonly #processes = new Processes();
  readonly #folder = mkdtempSync(join(tmpdir(), 'portway-fuzz-'));
  readonly #extended: boolean;
  #gateway: GatewayChild | null = null;

  private constructor(a: RecordingService, b: RecordingService, extended: boolean) {
    this.services = { '/a': a, '/b': b };
    this.#extended = extended;
  }

  /** @param extended whether the routes go through Fastify. */
  static async start(extended: boolean): Promise<GatewayUnderFire> {
    const started: { it?: GatewayUnderFire } = {};
    const react = (target: string) => started.it!.react(target);
    const services = await Promise.all([RecordingService.start(react), RecordingService.start(react)]);
    started.it = new GatewayUnderFire(...services, extended);
    await started.it.restart();
    return started.it;
  }

  get port(): number {
    return this.#gateway!.port;
  }

  /** `code 1`, `signal SIGABRT` with its last output; `null` while it runs. */
  get ended(): string | null {
    const { end, stderr } = this.#gateway!.process;
    return end === null ? null : `${end}: ${stderr.slice(-1_000)}`;
  }

  async restart(): Promise<void> {
    await this.#gateway?.kill();
    const extend = this.#extended ? ', extend: ./extension.ts' : '';
    const routes = Object.entries(this.services).map(
      ([prefix, { port }]) => `  ${prefix}: { to: ${port}${extend} }\n`,
    );
    const yaml = `host: 127.0.0.1\nlog: { level: silent }\n${TIMEOUTS}routes:\n${routes.join('')}`;
    const files = { 'extension.ts': 'export default {};\n' };
    this.#gateway = await GatewayChild.start(this.#processes, this.#folder, yaml, { files });
  }

  /** Descriptors that the process holds (Linux). */
  descriptors(): number {
    return this.#gateway!.descriptors().all;
  }

  async close(): Promise<void> {
    await this.#processes.killAll();
    await Promise.all(Object.values(this.services).map((service) => service.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Short, because many cases end by them. */
const TIMEOUTS = 'timeouts: { response: 300ms, idle: 300ms }\n';

/** The answer echoes the target, so that it can be matched with its request. */
export function plainAnswer(target: string): Reaction {
  return { parts: [`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`] };
}
