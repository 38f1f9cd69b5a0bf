import { setTimeout as pause } from 'node:timers/promises';
import { DeafListener } from '../../testing/deaf-listener.ts';
import { freeDatagramPort, freePort } from '../../testing/free-port.ts';
import type { GatewayChild } from '../../testing/gateway-child.ts';
import { HoleProxy } from '../hole-proxy.ts';
import type { ServiceChild } from '../service-child.ts';
import type { Stage } from '../stage.ts';

interface Parts {
  readonly gateway: GatewayChild;
  readonly inspectPort: number;
  readonly hole: HoleProxy;
  readonly ports: readonly [number, number, number];
  readonly bad: ServiceChild;
  readonly victim: ServiceChild;
  readonly yaml: string;
}

/** One gateway, healthy services behind some of its routes, and mistreated ones behind the others. */
export class MixedScene {
  readonly gateway: GatewayChild;
  readonly inspectPort: number;
  readonly hole: HoleProxy;
  /** Of the gateway, to the healthy service. */
  readonly tcpPort: number;
  readonly udpPort: number;
  /** The same to the mistreated one. */
  readonly badUdpPort: number;
  readonly #bad: ServiceChild;
  readonly #stage: Stage;
  readonly #yaml: string;
  #victim: ServiceChild;
  #killing = false;
  #frozen = false;

  private constructor(stage: Stage, parts: Parts) {
    this.#stage = stage;
    this.gateway = parts.gateway;
    this.inspectPort = parts.inspectPort;
    this.hole = parts.hole;
    [this.tcpPort, this.udpPort, this.badUdpPort] = parts.ports;
    this.#bad = parts.bad;
    this.#victim = parts.victim;
    this.#yaml = parts.yaml;
  }

  static async start(stage: Stage): Promise<MixedScene> {
    const [steady, bad, victim, other] = await Promise.all([
      stage.service(),
      stage.service(),
      stage.service(),
      stage.service(),
    ]);
    const hole = await HoleProxy.open(bad.ports.http);
    stage.atRowEnd(() => hole.close());
    const deaf = await DeafListener.open();
    stage.atRowEnd(() => deaf.close());
    const ports = [await freePort(), await freeDatagramPort(), await freeDatagramPort()] as const;
    const [tcpPort, udpPort, badUdpPort] = ports;
    const yaml = `timeouts: { connect: 500ms, response: 3s, idle: 3s, tunnelIdle: 60s }
routes:
  /steady: { to: 127.0.0.1:${steady.ports.http} }
  /svc: { to: 127.0.0.1:${bad.ports.http}, timeouts: { response: 500ms, idle: 500ms } }
  /cached: { to: 127.0.0.1:${bad.ports.http}, cache: true, timeouts: { response: 500ms, idle: 500ms } }
  /hole: { to: 127.0.0.1:${hole.port}, timeouts: { response: 500ms, idle: 500ms } }
  /pair: { to: [127.0.0.1:${victim.ports.http}, 127.0.0.1:${other.ports.http}] }
  /refused: 127.0.0.1:${await freePort()}
  /deaf: 127.0.0.1:${deaf.port}
streams:
  tcp: { ${tcpPort}: { to: 127.0.0.1:${steady.ports.tcp} } }
  udp:
    ${udpPort}: { to: 127.0.0.1:${steady.ports.udp}, idle: 5s }
    ${badUdpPort}: { to: 127.0.0.1:${bad.ports.udp}, idle: 500ms }
`;
    const inspectPort = await freePort();
    const gateway = await stage.gateway(yaml, { inspectPort });
    return new MixedScene(stage, { gateway, inspectPort, hole, ports, bad, victim, yaml });
  }

  /** Adds and removes a route, or leaves a file that can't be used. */
  configure(more: string): void {
    this.gateway.configure(this.#stage.complete(this.#yaml.replace('routes:\n', `routes:\n${more}`)));
  }

  /** One of the two endpoints of `/pair` dies, and is back a moment later. */
  async killVictim(): Promise<void> {
    if (this.#killing) return;
    this.#killing = true;
    const { ports } = this.#victim;
    await this.#stage.endService(this.#victim);
    this.#victim = await this.#stage.service(ports);
    this.#killing = false;
  }

  /** The mistreated service hangs for a while. */
  async freezeBad(ms: number): Promise<void> {
    if (this.#frozen) return;
    this.#frozen = true;
    this.#bad.freeze();
    await pause(ms);
    this.#bad.thaw();
    this.#frozen = false;
  }
}
