import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { markKitSocket } from './wire.ts';

export interface TestContainer {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where it listens: at 127.0.0.1, on these ports. */
  readonly ports: readonly number[];
  readonly status?: string;
  readonly created?: number;
}

/** What a Docker engine answers to the two questions that Portway asks, on a socket of its own. */
export class TestEngine {
  readonly address: string;
  readonly #path: string;
  #containers: readonly TestContainer[] = [];
  readonly #listeners = new Set<ServerResponse>();
  #server = createServer();
  /** Instead of a list of containers. */
  body: string | null = null;
  /** It takes questions, and answers none. */
  hangs = false;
  /** It answers 101 to everything. */
  upgrades = false;
  /** How often it was asked for the list. */
  lists = 0;

  constructor(folder: string) {
    this.#path = join(folder, 'docker.sock');
    this.address = `unix://${this.#path}`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      if (this.upgrades) {
        response.socket!.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
        );
      } else if (request.url?.startsWith('/events')) {
        this.#listeners.add(response);
        response.on('close', () => this.#listeners.delete(response));
        response.flushHeaders();
      } else if (!this.hangs) response.end(this.body ?? this.list());
      if (!request.url?.startsWith('/events')) this.lists++;
    });
    this.#server.on('connection', markKitSocket);
    await new Promise<void>((listening) => this.#server.listen(this.#path, listening));
  }

  /** From now on these containers run; followers of events are notified. */
  run(...containers: readonly TestContainer[]): void {
    this.#containers = containers;
    for (const listener of this.#listeners) listener.write('{"Type":"container","Action":"start"}\n');
  }

  /** Tells so many events. */
  flood(count: number): void {
    for (const listener of this.#listeners)
      listener.write('{"Type":"container","Action":"start"}\n'.repeat(count));
  }

  /** As `GET /containers/json` answers. */
  list(): string {
    return JSON.stringify(this.#containers.map(listed));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

function listed({ name, labels, ports, status = 'Up 2 seconds', created = 1 }: TestContainer) {
  return {
    Id: name.padEnd(64, '0'),
    Names: [`/${name}`],
    Labels: labels,
    Created: created,
    Status: status,
    Ports: ports.map((PrivatePort) => ({ PrivatePort, Type: 'tcp' })),
    NetworkSettings: { Networks: { shop_default: { IPAddress: '127.0.0.1' } } },
    HostConfig: { NetworkMode: 'shop_default' },
  };
}

export async function startEngine(): Promise<TestEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'portway-engine-'));
  const engine = new TestEngine(folder);
  await engine.start();
  onTestFinished(async () => {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return engine;
}
