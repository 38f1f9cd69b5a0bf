import { Socket as UdpSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { Gateway, GatewayOptions } from '../../contract.ts';
import { startGateway } from '../../gateway.ts';
import { freePort } from './free-port.ts';
import { Logbook } from './logbook.ts';
import { until } from './poll.ts';
import { type Answer, type ClientOptions, connect, get, type RawClient, request } from './raw-client.ts';
import { isKitSocket, markKitSocket } from './wire.ts';

export interface TestGatewayOptions {
  readonly mode?: GatewayOptions['mode'];
  readonly env?: GatewayOptions['env'];
  /** Default: a free one. */
  readonly port?: number;
  readonly examine?: GatewayOptions['examine'];
  readonly services?: GatewayOptions['services'];
  /** Files to put beside the configuration: `{ 'shout.ts': 'export default ...' }`. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The options of a gateway that is developed with. */
export const DEVELOPMENT: TestGatewayOptions = { mode: 'development' };

/** A gateway in this process, on a free port, with a configuration file of its own. */
export class TestGateway {
  readonly gateway: Gateway;
  readonly port: number;
  /** 0 where the configuration has no admin listener. */
  readonly adminPort: number;
  readonly configFile: string;
  readonly log: Logbook;
  readonly #mode: GatewayOptions['mode'];
  #closed = false;

  constructor(gateway: Gateway, mode: GatewayOptions['mode'], configFile: string, log: Logbook) {
    this.#mode = mode;
    this.gateway = gateway;
    this.port = gateway.address.port;
    this.adminPort = gateway.adminAddress?.port ?? 0;
    this.configFile = configFile;
    this.log = log;
  }

  connect(options?: ClientOptions): Promise<RawClient> {
    return connect(this.port, options);
  }

  /** One exchange on a connection of its own. */
  async exchange(request: string, withinMs?: number): Promise<Answer> {
    const client = await this.connect();
    const answer = await client.exchange(request, withinMs);
    client.destroy();
    return answer;
  }

  /** GET on a connection of its own, in development for a host that is served there. */
  get(target: string, ...fields: string[]): Promise<Answer> {
    const host =
      this.#mode === 'production' || fields.some((field) => /^host:/i.test(field)) ? [] : ['Host: localhost'];
    return this.exchange(get(target, ...host, ...fields));
  }

  /** Asks the admin listener, on a connection of its own, as this machine does. */
  async admin(method: string, target: string, ...fields: string[]): Promise<Answer> {
    const client = await connect(this.adminPort);
    const answer = await client.exchange(request(method, target, ['Host: localhost', ...fields]), 10_000);
    client.destroy();
    return answer;
  }

  /** Puts new text into the configuration file, in place. The gateway takes notice by itself. */
  async edit(yaml: string): Promise<void> {
    await writeFile(this.configFile, withoutShedding(yaml));
  }

  /** Puts new text into the file and waits until the gateway has validated it. */
  async editAndReload(yaml: string): Promise<void> {
    await this.edit(yaml);
    await this.gateway.reload();
  }

  /** Stops; exchanges in flight get `deadlineMs` to end. */
  async close(deadlineMs = 0): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.gateway.close(deadlineMs);
  }
}

/** On a busy machine a gateway rightly refuses a share of the requests. Tests of other behaviour must not meet that. */
function withoutShedding(yaml: string): string {
  return !/^routes:/m.test(yaml) || /^overload:/m.test(yaml) ? yaml : `${yaml.trimEnd()}\noverload: off\n`;
}

/**
 * Starts a gateway with this configuration. It ends with the test, which fails if a socket outlives it. In production it has an admin
 * listener where the configuration says `admin:`.
 */
export async function startTestGateway(yaml: string, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const text = withoutShedding(yaml);
  const folder = await configurationFolder(text, options.files);
  const configFile = join(folder, 'gateway.config.yaml');
  const log = new Logbook();
  const { env = {}, mode = 'production', examine, services } = options;
  const port = options.port ?? (await freePort());
  // To make one costs a third of a start.
  const hasAdmin = mode === 'development' || /^admin:/m.test(text);
  if (running === 0) disownSockets();
  running++;
  // Also where the start fails or an end hangs: sockets that are left then do not belong to gateways of later tests.
  onTestFinished(() => void running--);
  const gateway = await startGateway({
    configFile,
    env,
    mode,
    log: pino({ level: 'debug' }, log),
    listen: { port, adminPort: hasAdmin && (await freePort()) },
    ...(examine && { examine }),
    ...(services && { services }),
    // A file of the Gateway API has no word for it.
    ...(!/^overload:/m.test(text) && { place: async (config) => ({ ...config, overload: null }) }),
  });
  const started = new TestGateway(gateway, mode, configFile, log);
  onTestFinished(async () => {
    await started.close();
    // Where a test has several gateways, the last one to end checks for all.
    if (running > 1) return;
    await until(`all sockets of the gateway are gone:\n${leaked().join('\n')}`, () => leaked().length === 0);
  });
  return started;
}

/** A temporary folder with `gateway.config.yaml` and the files beside it; it goes with the test. */
export async function configurationFolder(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portway-scenario-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ 'gateway.config.yaml': yaml, ...files })) {
    await writeFile(join(folder, name), text);
  }
  return folder;
}

let running = 0;

/** Test files share a process: sockets that an earlier one left open are not this gateway's. */
function disownSockets(): void {
  for (const handle of activeHandles())
    if (handle instanceof Socket || handle instanceof UdpSocket) markKitSocket(handle);
}

/** Sockets of this process that are not the kit's own: the gateway's, on both of its sides. */
export function gatewaySockets(): Socket[] {
  return activeHandles()
    .filter((handle): handle is Socket => handle instanceof Socket && !isKitSocket(handle))
    .filter((socket) => socket.remotePort !== undefined || socket.connecting);
}

/** The local ports of the same for UDP: those that it listens on, and one for each session. */
export function gatewayDatagramPorts(): number[] {
  return activeHandles()
    .filter((handle): handle is UdpSocket => handle instanceof UdpSocket && !isKitSocket(handle))
    .flatMap((socket) => {
      try {
        return [socket.address().port];
      } catch {
        // It is being closed.
        return [];
      }
    });
}

function activeHandles(): unknown[] {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
  return handles.call(process);
}

function leaked(): string[] {
  const tcp = gatewaySockets().map(
    (socket) => `local port ${socket.localPort}, remote port ${socket.remotePort}, ${socket.readyState}`,
  );
  return [...tcp, ...gatewayDatagramPorts().map((port) => `UDP port ${port}`)];
}
