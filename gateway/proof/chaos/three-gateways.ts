import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadResult } from '../bench/load-plan.ts';
import { parseWrk } from '../bench/wrk.ts';
import { freePort } from '../testing/free-port.ts';
import type { GatewayChild } from '../testing/gateway-child.ts';
import { type Asked, ask, Load, problemOf } from '../testing/load.ts';
import { findProgram } from '../testing/machine.ts';
import { MetricsText } from '../testing/metrics-text.ts';
import { until } from '../testing/poll.ts';
import { Skip } from './fault.ts';
import type { ServiceChild } from './service-child.ts';
import type { Stage } from './stage.ts';

/** The very file that operators are shown; only its addresses are ours. */
const SHOWN = new URL('../../../docs/deploy/haproxy.cfg', import.meta.url);

/** Three gateways behind HAProxy, and one service that runs twice behind each of them. */
export class ThreeGateways {
  /** Where HAProxy listens. */
  readonly port: number;
  readonly gateways: readonly GatewayChild[];
  readonly services: readonly ServiceChild[];
  readonly #stage: Stage;

  private constructor(stage: Stage, port: number, parts: Pick<ThreeGateways, 'gateways' | 'services'>) {
    this.#stage = stage;
    this.port = port;
    this.gateways = parts.gateways;
    this.services = parts.services;
  }

  /** @param args of each gateway's command line. @throws Skip without HAProxy. */
  static async start(stage: Stage, args: readonly string[] = []): Promise<ThreeGateways> {
    const installed = findProgram('haproxy', ['-v'], /version (\S+)/);
    if (installed === null) throw new Skip("HAProxy isn't installed (Debian: haproxy)");
    const services = [await stage.service(), await stage.service()];
    const start = () => stage.gateway(configuration(services), { args });
    const gateways = await Promise.all([start(), start(), start()]);
    const [port, folder] = [await freePort(), stage.folder()];
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'haproxy.cfg'), balancing(port, gateways));
    const command = [installed.path, '-db', '-f', join(folder, 'haproxy.cfg')] as const;
    const balancer = await stage.processes.start(command);
    stage.atRowEnd(() => balancer.kill());
    const three = new ThreeGateways(stage, port, { gateways, services });
    await three.#warmUp();
    return three;
  }

  /** Clients that come to HAProxy: most read, some write. */
  load(readers = this.#stage.either(8, 20)): { stop(): Promise<Loaded> } {
    const since = performance.now();
    const load = (tag: 'get' | 'post', clients: number) => {
      const target = (id: string) => `/one/ok?tag=${tag}&id=${tag}-${id}`;
      const method = tag === 'get' ? 'GET' : 'POST';
      return new Load({ port: this.port, target, method, clients, pauseMs: 8, ids: `${tag}-` });
    };
    const [reads, writes] = [load('get', readers), load('post', 2)];
    return {
      stop: async () => {
        const [get, post] = await Promise.all([reads.stop(), writes.stop()]);
        const perSecond = ((get.length + post.length) * 1_000) / (performance.now() - since);
        return { get, post, perSecond };
      },
    };
  }

  /**
   * Reads at more than 2,000 a second, each client pausing between two, by wrk: our own clients would take a core for that. What they got is
   * counted, and not looked at. `null`: wrk isn't installed.
   */
  async manyReads(): Promise<{ stop(): Promise<LoadResult> } | null> {
    const installed = findProgram('wrk', ['-v'], /^wrk (\S+)/);
    if (installed === null) return null;
    const folder = this.#stage.folder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'pause.lua'), `delay = function() return ${READ_PAUSE_MS} end\n`);
    const clients = this.#stage.either(8, READERS);
    const size = ['-t1', `-c${clients}`, '-d600s', '--timeout', '10s', '--latency'];
    const command = [installed.path, ...size, '-s', join(folder, 'pause.lua')] as const;
    const url = `http://127.0.0.1:${this.port}/one/ok`;
    const wrk = await this.#stage.processes.start([...command, url], { endsOn: 'SIGINT' });
    this.#stage.atRowEnd(() => wrk.kill());
    return {
      stop: async () => {
        await wrk.stop();
        return parseWrk(wrk.stdout);
      },
    };
  }

  /** The most often that one POST has arrived, over both services: above 1, it was sent again. */
  async mostPosts(): Promise<number> {
    const counted = await Promise.all(
      this.services.filter(({ process }) => process.alive).map((service) => service.counted('post')),
    );
    const ids = counted.flatMap((each) => each.ids);
    const overlap = ids.length > new Set(ids).size ? 2 : 0;
    return Math.max(overlap, ...counted.map(({ most }) => most));
  }

  /** A gateway with the ports of this one, which has ended. Resolves when HAProxy sends it requests. */
  async startAgain({ port, adminPort }: GatewayChild): Promise<void> {
    const ports = [port, adminPort] as const;
    const gateway = await this.#stage.gateway(configuration(this.services), { ports });
    await this.serves(gateway);
  }

  /** Resolves when it has answered requests that HAProxy sent. */
  async serves(gateway: GatewayChild): Promise<void> {
    const before = await answeredBy(gateway);
    await until('HAProxy sends it requests', async () => (await answeredBy(gateway)) > before + 5);
  }

  async #warmUp(): Promise<void> {
    for (const { port } of this.gateways) for (let at = 0; at < 4; at++) await ask(port, '/one/ok');
    for (const service of this.services) await service.drop();
    for (const gateway of this.gateways) await gateway.takeBase();
    await until('HAProxy reaches all', async () => {
      const asked = await Promise.all(Array.from({ length: 6 }, () => ask(this.port, '/one/ok')));
      return asked.every((each) => problemOf(each) === null);
    });
  }
}

const READERS = 32;
const READ_PAUSE_MS = 10;

/** What became of the load. */
export interface Loaded {
  readonly get: readonly Asked[];
  readonly post: readonly Asked[];
  readonly perSecond: number;
}

function configuration(services: readonly ServiceChild[]): string {
  return `routes: { /one: { to: [${services.map(({ ports }) => `127.0.0.1:${ports.http}`).join(', ')}] } }\n`;
}

function balancing(port: number, gateways: readonly GatewayChild[]): string {
  const ours = gateways.map(({ port, adminPort }) => `127.0.0.1:${port} port ${adminPort}`);
  return readFileSync(SHOWN, 'utf8')
    .replace('bind :80', `bind 127.0.0.1:${port}`)
    .replaceAll(/10\.0\.0\.(\d):3000 port 3900/g, (_, number) => ours[Number(number) - 1] ?? '');
}

async function answeredBy(gateway: GatewayChild): Promise<number> {
  const { body } = await gateway.admin('GET', '/metrics');
  return new MetricsText(String(body)).sum('http_server_request_duration_seconds_count');
}
