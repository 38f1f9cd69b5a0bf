/** `import { startGateway, defineConfig } from 'portway'`: the gateway in a program or a test (docs/api.md). */

import type { Logger } from 'pino';
import type { Environment } from './config/load.ts';
import type { ConfigInput } from './config/schema.ts';
import type { FileContent } from './files/content.ts';
import type { GatewayConfig } from './model/config.ts';
import type { RouteStatus, StreamStatus } from './model/status.ts';

export { ConfigError, type Problem } from './config/problem.ts';
/** What a module named by `extend:` exports as its default. */
export type { RouteExtension } from './proxy/extension.ts';
export type { ConfigInput, GatewayConfig };

/** The configuration: one of the three. */
type Source =
  /** What a YAML file would say, as an object; relative paths in it begin in the working directory. */
  | { readonly config: ConfigInput; readonly yaml?: never; readonly file?: never }
  /** The text of a YAML file. */
  | { readonly yaml: string; readonly config?: never; readonly file?: never }
  /** The path of a file: YAML, or a module whose default export is the configuration. It is watched, and changes take effect. */
  | { readonly file: string; readonly config?: never; readonly yaml?: never };

export type StartOptions = Source & {
  /** Instead of the configuration's `port`; 0 is any free one. */
  readonly port?: number;
  /** Opens the admin listener on this port; 0 is any free one. Default: there is none, whatever the configuration says. */
  readonly adminPort?: number;
  /** `development` (the default) answers errors with what was tried and what to do, and serves local hosts only. */
  readonly mode?: 'development' | 'production';
  /** For `${NAME}` and `GATEWAY_HOSTS`; default: the environment of the process. */
  readonly env?: Environment;
  /** A pino logger, which keeps its level. Default: nothing is logged. */
  readonly log?: Logger;
};

export interface Gateway {
  /** `http://127.0.0.1:40123` */
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly adminAddress: { readonly host: string; readonly port: number } | null;
  /** The configuration that serves. */
  config(): GatewayConfig;
  routes(): Promise<readonly RouteStatus[]>;
  streams(): Promise<readonly StreamStatus[]>;
  /** Reads `file` again. @returns why it was refused, or `null`: then it serves. */
  reload(): Promise<string | null>;
  /**
   * Stops accepting, lets exchanges finish until the deadline (default 10 s), then ends what is left. Nothing stays open behind it.
   * @returns whether all finished in time.
   */
  close(deadlineMs?: number): Promise<boolean>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Says nothing and does nothing: with it, editors complete and check `export default defineConfig({ ... })`. */
export function defineConfig<Config extends ConfigInput | Promise<ConfigInput>>(config: Config): Config {
  return config;
}

/**
 * Starts a gateway in this process. `services:` are not run, and `workers:` has no effect.
 * @throws ConfigError for a configuration that can't be used; an error that says which for a module or a port that can't.
 */
export async function startGateway(options: StartOptions): Promise<Gateway> {
  const [{ startGateway: start }, { pino }] = await Promise.all([import('./gateway.ts'), import('pino')]);
  const { port, adminPort, mode = 'development', env = process.env } = options;
  const content = await contentOf(options);
  const gateway = await start({
    configFile: options.file ?? UNNAMED,
    ...(content && { content }),
    env,
    mode,
    log: options.log ?? pino({ level: 'silent' }),
    keepsLogLevel: true,
    listen: { ...(port !== undefined && { port }), adminPort: adminPort ?? false },
  });
  return {
    get url() {
      const { host, port } = gateway.address;
      return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    },
    get address() {
      return gateway.address;
    },
    adminAddress: gateway.adminAddress,
    config: () => gateway.config(),
    routes: () => gateway.figure('routes'),
    streams: () => gateway.figure('streams'),
    reload: async () => (await gateway.reload()).rejected,
    close: (deadlineMs) => gateway.close(deadlineMs),
    async [Symbol.asyncDispose]() {
      await gateway.close();
    },
  };
}

/** How problems name a configuration that is in no file. */
const UNNAMED = 'config';

/** `null`: the file's. */
async function contentOf({ config, yaml, file }: StartOptions): Promise<FileContent | null> {
  const given = [config, yaml, file].filter((one) => one !== undefined);
  if (given.length !== 1) throw new TypeError('startGateway needs one of `config`, `yaml` and `file`');
  if (file !== undefined) return null;
  const [content, objectContent] = await Promise.all([
    import('./files/content.ts'),
    import('./config/object-content.ts'),
  ]);
  return yaml === undefined ? objectContent.contentOfObject(config) : content.contentOf(Buffer.from(yaml));
}
