import { DeafListener } from '../testing/deaf-listener.ts';
import { freeDatagramPort } from '../testing/free-port.ts';
import type { GatewayChild } from '../testing/gateway-child.ts';
import { ask } from '../testing/load.ts';
import type { Processes } from '../testing/processes.ts';
import { HoleProxy } from './hole-proxy.ts';
import type { ServicePorts } from './service/question.ts';
import { freeServicePorts, ServiceChild } from './service-child.ts';

/** Timeouts of the scene's routes: short, so that a row takes seconds; the wait for a timeout that never comes is told apart by far. */
export const timeouts = { connectMs: 500, responseMs: 800, idleMs: 800, tunnelIdleMs: 2_000 } as const;

/** The gateway of the scene doesn't start: no row could say anything. */
export class SceneError extends Error {}

/** As much of a stage as a scene is built on. */
interface Ground {
  readonly processes: Processes;
  readonly services: Set<ServiceChild>;
  startGateway(yaml: string): Promise<GatewayChild>;
}

/** One gateway, and behind it all that a service can do wrong. It stands while rows come and go. */
export class Scene {
  readonly gateway: GatewayChild;
  /** Behind `/svc`, the UDP port, and the hole. */
  readonly service: ServiceChild;
  /** Behind `/steady`: no row mistreats it, so it must always answer. */
  readonly steady: ServiceChild;
  /** Between `/hole` and the service. */
  readonly hole: HoleProxy;
  /** Behind `/victim`: rows start a service there, and kill it. */
  readonly victimPorts: ServicePorts;
  /** The gateway's UDP port, which leads to the service. */
  readonly udpPort: number;
  readonly #deaf: DeafListener;

  private constructor(parts: Parts, gateway: GatewayChild) {
    this.gateway = gateway;
    ({ service: this.service, steady: this.steady, hole: this.hole, deaf: this.#deaf } = parts);
    this.victimPorts = parts.victimPorts;
    this.udpPort = parts.udpPort;
  }

  static async start(stage: Ground): Promise<Scene> {
    const parts = await makeParts(stage);
    const yaml = configuration(parts);
    const gateway = await stage.startGateway(yaml).catch(async (cause: Error) => {
      await closeParts(parts);
      throw new SceneError(cause.message);
    });
    const scene = new Scene(parts, gateway);
    stage.services.add(parts.service).add(parts.steady);
    await scene.#warmUp();
    return scene;
  }

  /** Asks the gateway for `/svc/<target>`. */
  svc(target: string, options?: Parameters<typeof ask>[2]): ReturnType<typeof ask> {
    return ask(this.gateway.port, `/svc/${target}`, options);
  }

  async close(): Promise<void> {
    await this.gateway.process.kill();
    await closeParts({ service: this.service, steady: this.steady, hole: this.hole, deaf: this.#deaf });
  }

  /** What the engine loads late is there before anything is counted. */
  async #warmUp(): Promise<void> {
    for (const path of ['/svc/ok', '/steady/ok', '/hole/ok', '/deaf/']) await ask(this.gateway.port, path);
    await Promise.all([this.service.drop(), this.steady.drop()]);
    await this.gateway.takeBase();
  }
}

async function closeParts({
  service,
  steady,
  hole,
  deaf,
}: Pick<Parts, 'service' | 'steady' | 'hole' | 'deaf'>) {
  await Promise.all([service.kill(), steady.kill(), hole.close(), deaf.close()]);
}

interface Parts {
  readonly service: ServiceChild;
  readonly steady: ServiceChild;
  readonly hole: HoleProxy;
  readonly deaf: DeafListener;
  readonly victimPorts: ServicePorts;
  readonly udpPort: number;
}

async function makeParts({ processes }: Ground): Promise<Parts> {
  const service = await ServiceChild.start(processes, await freeServicePorts());
  const steady = await ServiceChild.start(processes, await freeServicePorts());
  const [hole, deaf] = await Promise.all([HoleProxy.open(service.ports.http), DeafListener.open()]);
  const udpPort = await freeDatagramPort();
  return { service, steady, hole, deaf, udpPort, victimPorts: await freeServicePorts() };
}

function configuration(parts: Parts): string {
  const { service, steady, hole, deaf, victimPorts, udpPort } = parts;
  const { connectMs, responseMs, idleMs, tunnelIdleMs } = timeouts;
  // These rows test a single service that fails, so ejection is off; other rows test several endpoints.
  // On a busy machine more than a fifth of the requests behind the hole meet the end of a connection: the budget is another row's matter.
  const route = (port: number, more = '') => `{ to: 127.0.0.1:${port}, ejection: off${more} }`;
  return `timeouts: { connect: ${connectMs}ms, response: ${responseMs}ms, idle: ${idleMs}ms, tunnelIdle: ${tunnelIdleMs}ms }
routes:
  /svc: ${route(service.ports.http)}
  /patient: ${route(service.ports.http, ', timeouts: { connect: 20s, response: 20s }')}
  /steady: ${route(steady.ports.http)}
  /hole: ${route(hole.port, ', retries: { budget: 100% }')}
  /deaf: ${route(deaf.port)}
  /victim: ${route(victimPorts.http)}
streams: { udp: { ${udpPort}: { to: 127.0.0.1:${service.ports.udp}, idle: 500ms } } }
`;
}
