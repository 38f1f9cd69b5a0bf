import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-port.ts';
import { succeeds, until } from './poll.ts';
import type { Process, Processes } from './processes.ts';
import { findPrograms } from './real-server.ts';

/** Why tests with a real etcd are skipped; empty: they are not. */
export const { missing: missingEtcd } = findPrograms('etcd');

/** A real etcd, of one member, which keeps what it knows when it is begun again. */
export class TestEtcd {
  readonly #processes: Processes;
  readonly #ports: readonly [number, number];
  readonly #folder = mkdtempSync(join(tmpdir(), 'portway-etcd-'));
  #process: Process | null = null;

  private constructor(processes: Processes, ports: readonly [number, number]) {
    this.#processes = processes;
    this.#ports = ports;
  }

  static async start(processes: Processes): Promise<TestEtcd> {
    const etcd = new TestEtcd(processes, (await freePorts(2)) as [number, number]);
    await etcd.begin();
    return etcd;
  }

  url(key: string, user = ''): string {
    return `etcd://${user}127.0.0.1:${this.#ports[0]}/${key}`;
  }

  async begin(): Promise<void> {
    const [client, peer] = this.#ports.map((port) => `http://127.0.0.1:${port}`) as [string, string];
    const { paths } = findPrograms('etcd');
    const urls = ['--listen-client-urls', client, '--advertise-client-urls', client];
    const peers = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer];
    const cluster = ['--initial-cluster', `default=${peer}`];
    const args = ['--data-dir', this.#folder, ...urls, ...peers, ...cluster];
    this.#process = await this.#processes.start([paths.etcd, ...args]);
    await until('etcd answers', () => succeeds(this.call('kv/range', { key: base64('x') })));
  }

  /** @throws Error where it does not take it */
  async call(
    path: string,
    body: unknown,
    token?: string,
  ): Promise<{ header: { revision: string }; token?: string }> {
    const headers = token === undefined ? {} : { Authorization: token };
    const response = await fetch(`http://127.0.0.1:${this.#ports[0]}/v3/${path}`, {
      method: 'POST',
      headers: { ...headers, Connection: 'close' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { header: { revision: string } };
  }

  async put(key: string, text: string): Promise<string> {
    return (await this.call('kv/put', { key: base64(key), value: base64(text) })).header.revision;
  }

  async kill(): Promise<void> {
    this.#process!.signal('SIGKILL');
    await this.#process!.ended;
  }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
