import { pathToFileURL } from 'node:url';
import type { FastifyHttpProxyOptions } from '@fastify/http-proxy';

type ReplyOptions = NonNullable<FastifyHttpProxyOptions['replyOptions']>;

/**
 * What a module named by `extend:` may export as its default: those options of @fastify/http-proxy that shape one exchange.
 * Where it goes, over which connection, how long it may take, what is tried again and how errors are answered stays the gateway's.
 * In hooks, `request.originalUrl` is what the client asked for; `request.url` is an internal name.
 */
export interface RouteExtension {
  /** Runs before the request is sent on: authenticate, answer instead (`reply.send`), or throw. */
  readonly preHandler?: NonNullable<FastifyHttpProxyOptions['preHandler']>;
  readonly config?: Record<string, unknown>;
  readonly replyOptions?: Pick<ReplyOptions, 'rewriteHeaders' | 'rewriteRequestHeaders' | 'onResponse'>;
}

/** Whether there is anything that an exchange on the route must not go round. */
export function hasHooks({ preHandler, replyOptions = {} }: RouteExtension): boolean {
  return [preHandler, ...Object.values(replyOptions)].some((hook) => hook !== undefined);
}

/** A module that `extend:` names can't be used. The message says which, why and how to mend it. */
export class ExtensionError extends Error {
  readonly route: string;
  readonly file: string;
  readonly problem: string;

  constructor(route: string, file: string, problem: string, cause?: unknown) {
    super(`route ${route}: ${file}: ${problem}`, { cause });
    this.name = 'ExtensionError';
    this.route = route;
    this.file = file;
    this.problem = problem;
  }
}

/** @throws ExtensionError, also for a module that is not loaded within `withinMs`. */
export async function loadExtension(
  route: string,
  file: string,
  withinMs = LOAD_MS,
): Promise<RouteExtension> {
  const extension = await importDefault(route, file, withinMs);
  refuseUnknown(route, file, extension, KEYS, '');
  const { preHandler, config = {}, replyOptions = {} } = extension;
  for (const [name, value] of Object.entries({ config, replyOptions })) {
    if (typeof value !== 'object' || value === null)
      throw new ExtensionError(route, file, `${name} must be an object`);
  }
  refuseUnknown(route, file, replyOptions, REPLY_KEYS, 'replyOptions.');
  for (const [name, hook] of Object.entries({ preHandler, ...replyOptions })) {
    if (hook !== undefined && typeof hook !== 'function')
      throw new ExtensionError(route, file, `${name} must be a function`);
  }
  return extension;
}

async function importDefault(route: string, file: string, withinMs: number): Promise<RouteExtension> {
  let module: { default?: unknown };
  try {
    // Each load is one of its own, so that an edited module takes effect with the next reload.
    module = await inTime(import(`${pathToFileURL(file)}?loaded=${Date.now()}`), withinMs);
  } catch (cause) {
    throw new ExtensionError(
      route,
      file,
      `can't be loaded: ${cause instanceof Error ? cause.message : cause}`,
      cause,
    );
  }
  if (typeof module.default === 'object' && module.default !== null) return module.default;
  throw new ExtensionError(route, file, 'its default export must be an object of options (docs/extend.md)');
}

/** A module that waits for ever would end all reloads. @throws Error */
async function inTime<T>(loading: Promise<T>, withinMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(
        new Error(
          `it was not loaded within ${withinMs / 1000} s: a top-level \`await\` of it, or of what it imports, never settles`,
        ),
      ),
    withinMs,
  );
  try {
    return await Promise.race([loading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const LOAD_MS = 10_000;

const KEYS = ['preHandler', 'config', 'replyOptions'];
const REPLY_KEYS = ['rewriteHeaders', 'rewriteRequestHeaders', 'onResponse'];

function refuseUnknown(
  route: string,
  file: string,
  options: object,
  known: readonly string[],
  at: string,
): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const list = known.map((key) => at + key).join(', ');
  throw new ExtensionError(
    route,
    file,
    `${at}${unknown} is not among the options that a route may set: ${list}`,
  );
}
