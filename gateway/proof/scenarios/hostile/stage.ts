import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Gateway } from '../../../contract.ts';
import { startGateway } from '../../../gateway.ts';
import { BareClient } from '../../testing/bare-client.ts';
import { get } from '../../testing/http-client.ts';
import { type Reaction, RecordingService } from '../../testing/recording-service.ts';
import type { RouteKind } from '../../testing/route-kinds.ts';

/** One gateway and one service for a whole table, so that a row costs milliseconds. */
export class Stage {
  readonly gateway: Gateway;
  readonly service: RecordingService;
  readonly port: number;
  readonly #folder: string;

  private constructor(gateway: Gateway, service: RecordingService, folder: string) {
    this.gateway = gateway;
    this.service = service;
    this.port = gateway.address.port;
    this.#folder = folder;
  }

  /** @param react what the service does about requests; the gateway's own probe of a row is answered here. */
  static async open(
    { routes, files }: RouteKind,
    keys: readonly string[],
    react: (target: string) => Reaction,
    settings = '',
  ): Promise<Stage> {
    const service = await RecordingService.start((target) =>
      target === '/sentinel' ? { parts: [SENTINEL_ANSWER] } : react(target),
    );
    const folder = await mkdtemp(join(tmpdir(), 'portway-hostile-'));
    const [first, ...others] = ['/db', '/db/wall', '/keep', 'shop.test/db', '/other'].map((key) =>
      routes(key, service.port, ...keys, ...(key === '/keep' ? ['strip: false'] : [])),
    );
    // A busy machine would have a share of the rows refused.
    const yaml = `overload: off\n${settings}${first}${others.map((text) => text.replace('routes:\n', '')).join('')}`;
    for (const [name, text] of Object.entries({ 'gateway.config.yaml': yaml, ...files }))
      await writeFile(join(folder, name), text);
    const gateway = await startGateway({
      configFile: join(folder, 'gateway.config.yaml'),
      env: {},
      mode: 'production',
      log: pino({ level: 'silent' }, { write() {} }),
      listen: { port: 0, adminPort: 0 },
    });
    return new Stage(gateway, service, folder);
  }

  /**
   * A whole exchange on a connection of its own: whatever the gateway would have done with what it got before, it has done by now, and
   * it still serves. @returns the connection that brought it to the service, and what the client read.
   */
  async sentinel(): Promise<{ connection: number; text: string }> {
    const client = await BareClient.open(this.port);
    await client.sendParts([get('/db/sentinel')]);
    await client.sees(() => client.read().messages.length > 0);
    const text = client.read().messages[0]?.body.toString() ?? 'no answer';
    client.destroy();
    const connection = this.service.whole.findLast(({ request }) => request.target === '/sentinel');
    return { connection: connection?.connection ?? -1, text };
  }

  async close(): Promise<void> {
    await this.gateway.close(0);
    await this.service.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Plain routes are carried by the wire lane, unless they are said to be of the general one. */
export function inWireLane({ kind, extended }: RouteKind): boolean {
  return !extended && !/general/.test(kind);
}

const SENTINEL_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsentinel';
